"""Use the models of a finished run, in this process or in a warm one."""
