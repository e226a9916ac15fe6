"""What commands at a terminal share, boardctl's and hwsim's: the language, translated help, click's own texts."""
