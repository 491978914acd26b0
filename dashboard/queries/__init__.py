"""Everything that the dashboard asks the database. Views and fragments never query themselves."""
