"""What those who maintain the bundled model and its corpus need, and no user of the package."""
