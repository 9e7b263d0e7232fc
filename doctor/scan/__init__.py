"""From files to diagnostics: the stages in a row, with what is kept and what is suppressed."""

from doctor.scan.examiner import Examiner
from doctor.scan.result import Result
from doctor.scan.scan import Means, scan, scan_text

__all__ = ["Examiner", "Means", "Result", "scan", "scan_text"]
