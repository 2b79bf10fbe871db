"""Who may see and do what: one table, held against every address of the program."""
