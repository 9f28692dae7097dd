"""What Spark needs on this machine before a test can start it."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

LEAST_JAVA = 17


def missing() -> str | None:
    """What to install, or None."""
    home = os.environ.get("JAVA_HOME")  # which Spark takes before the path
    java = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    install = f"install Java {LEAST_JAVA} or newer, for example openjdk-17-jre-headless"
    if java is None:
        return f"no Java in {'JAVA_HOME' if home else 'the path'}: {install}"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)  # Java 8 calls itself 1.8
    if version is None or int(version[1]) < LEAST_JAVA:
        return f"{java} is Java {version[1] if version else 'of no known version'}: {install}"
    if importlib.util.find_spec("pyspark") is None:
        return 'no pyspark: pip install "policynlp[spark]"'
    return None
