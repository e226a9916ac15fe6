"""Which contacts are recorded, and whether there is room for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import structlog

from boardd.scheduler.config.sections import Policy, RecordingSection

log = structlog.get_logger()


class RecordingPolicy:
    """Decides once per conversation. `alarm` is not empty while recording is stopped for want of space."""

    def __init__(self, section: RecordingSection, folder: Path) -> None:
        self._section = section
        self._folder = folder
        self.alarm = ""

    def wants(self, queue: str, internal: bool) -> bool:
        """Whether a conversation from `queue` (empty: from none) or between stations shall be recorded."""
        if internal:
            return self._section.internal and self._section.policy is not Policy.NONE
        if queue in self._section.queues:
            return self._section.queues[queue]
        return self._section.policy is Policy.ALL or (self._section.policy is Policy.QUEUES and bool(queue))

    def has_room(self) -> bool:
        """Whether enough disk is free; makes the folder if it is missing."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            free_mb = shutil.disk_usage(self._folder).free >> 20
        except OSError as error:
            return self._refuse(f"{self._folder}: {error.strerror or error}")
        if free_mb < self._section.min_free_mb:
            return self._refuse(f"{self._folder}: {free_mb} MB free, {self._section.min_free_mb} MB needed")
        if self.alarm:
            log.info("recording_resumes", folder=str(self._folder))
        self.alarm = ""
        return True

    def _refuse(self, text: str) -> bool:
        if not self.alarm:
            log.error("recording_stopped", reason=text)
        self.alarm = text
        return False
