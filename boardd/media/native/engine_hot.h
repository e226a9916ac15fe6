#ifndef MEDIA_ENGINE_HOT_H
#define MEDIA_ENGINE_HOT_H

/*
 * Functions that run over the samples of every port are compiled twice, the wide one chosen when the library loads. Both
 * compute the same: integers are exact, and no option lets the compiler reorder or fuse floating point.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOT /* what chooses runs before the sanitizers are ready */
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define HOT __attribute__((target_clones("avx2", "default")))
#else
#define HOT
#endif

#endif
