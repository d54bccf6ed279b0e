@echo off
rem Windows closes the window of a program that has ended: its message stays until a key is pressed.
"%~dp0ffcluster.exe" @COMMAND@ %*
if errorlevel 1 pause
