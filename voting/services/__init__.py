"""The services of the system, one folder for each subject."""
