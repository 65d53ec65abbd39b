"""The compact fact store and the machine that answers a program over it: the daily re-screen of a hospital in a second or two."""
