"""The screens: each module has the routes of one."""
