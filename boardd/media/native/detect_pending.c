/* Lanes of banks that are not finished: they check what they are given and find nothing. */

#include <stdlib.h>

#include "detect_public.h"

struct progress_bank {
    int lanes;
};

void progress_options_default(progress_options *options) { *options = (progress_options){0}; }

progress_bank *progress_bank_new(int lanes)
{
    progress_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (bank)
        bank->lanes = lanes;
    return bank;
}

void progress_bank_free(progress_bank *bank) { free(bank); }
int progress_bank_reset(progress_bank *bank, int lane) { return lane >= 0 && lane < bank->lanes ? 0 : -1; }

int progress_bank_set(progress_bank *bank, int lane, const progress_options *options)
{
    (void)options;
    return progress_bank_reset(bank, lane);
}

int progress_bank_feed(progress_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max)
{
    (void)in, (void)sent, (void)out, (void)max;
    for (int i = 0; i < n_lanes; i++)
        if (lanes[i] < 0 || lanes[i] >= bank->lanes)
            return -1;
    return n_samples < 80 || n_samples > 320 ? -1 : 0;
}

long progress_bank_lost(const progress_bank *bank) { return bank->lanes < 0; }

struct voice_bank {
    int lanes;
};

void voice_options_default(voice_options *options) { *options = (voice_options){0}; }

voice_bank *voice_bank_new(int lanes)
{
    voice_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (bank)
        bank->lanes = lanes;
    return bank;
}

void voice_bank_free(voice_bank *bank) { free(bank); }
int voice_bank_reset(voice_bank *bank, int lane) { return lane >= 0 && lane < bank->lanes ? 0 : -1; }

int voice_bank_set(voice_bank *bank, int lane, const voice_options *options)
{
    (void)options;
    return voice_bank_reset(bank, lane);
}

int voice_bank_feed(voice_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max)
{
    (void)in, (void)sent, (void)out, (void)max;
    for (int i = 0; i < n_lanes; i++)
        if (lanes[i] < 0 || lanes[i] >= bank->lanes)
            return -1;
    return n_samples < 80 || n_samples > 320 ? -1 : 0;
}

long voice_bank_lost(const voice_bank *bank) { return bank->lanes < 0; }

struct fax_bank {
    int lanes;
};

void fax_options_default(fax_options *options) { *options = (fax_options){0}; }

fax_bank *fax_bank_new(int lanes)
{
    fax_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (bank)
        bank->lanes = lanes;
    return bank;
}

void fax_bank_free(fax_bank *bank) { free(bank); }
int fax_bank_reset(fax_bank *bank, int lane) { return lane >= 0 && lane < bank->lanes ? 0 : -1; }

int fax_bank_set(fax_bank *bank, int lane, const fax_options *options)
{
    (void)options;
    return fax_bank_reset(bank, lane);
}

int fax_bank_feed(fax_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max)
{
    (void)in, (void)sent, (void)out, (void)max;
    for (int i = 0; i < n_lanes; i++)
        if (lanes[i] < 0 || lanes[i] >= bank->lanes)
            return -1;
    return n_samples < 80 || n_samples > 320 ? -1 : 0;
}

long fax_bank_lost(const fax_bank *bank) { return bank->lanes < 0; }

struct cid_bank {
    int lanes;
};

void cid_options_default(cid_options *options) { *options = (cid_options){0}; }

cid_bank *cid_bank_new(int lanes)
{
    cid_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (bank)
        bank->lanes = lanes;
    return bank;
}

void cid_bank_free(cid_bank *bank) { free(bank); }
int cid_bank_reset(cid_bank *bank, int lane) { return lane >= 0 && lane < bank->lanes ? 0 : -1; }

int cid_bank_set(cid_bank *bank, int lane, const cid_options *options)
{
    (void)options;
    return cid_bank_reset(bank, lane);
}

int cid_bank_feed(cid_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max)
{
    (void)in, (void)sent, (void)out, (void)max;
    for (int i = 0; i < n_lanes; i++)
        if (lanes[i] < 0 || lanes[i] >= bank->lanes)
            return -1;
    return n_samples < 80 || n_samples > 320 ? -1 : 0;
}

long cid_bank_lost(const cid_bank *bank) { return bank->lanes < 0; }

int voice_bank_measure(const voice_bank *bank, int lane, voice_measure *measure)
{
    *measure = (voice_measure){0};
    return lane >= 0 && lane < bank->lanes ? 0 : -1;
}

int cid_bank_read(const cid_bank *bank, int lane, unsigned char *bytes, int size)
{
    (void)bytes, (void)size;
    return lane >= 0 && lane < bank->lanes ? 0 : -1;
}

long det_scan(const short *pcm, long count, det_frame *frames, long max)
{
    (void)pcm, (void)count, (void)frames, (void)max;
    return 0;
}
