@echo off
rem laptop-dev from cmd and PowerShell: runs it in a distribution of WSL, in the current folder. docs/windows.md; unverified on a real host.
rem LAPTOP_DEV_DISTRO: the distribution, else the default one. LAPTOP_DEV_ROOT: the clone in it, else laptop-dev of its login shell.
setlocal EnableExtensions DisableDelayedExpansion
rem cmd looks into the current folder before PATH: a project must not bring a wsl.exe. A variable of the name ERRORLEVEL would hide the exit code.
set "NoDefaultCurrentDirectoryInExePath=1"
set "ERRORLEVEL="
set "LD_WHERE="
if defined LAPTOP_DEV_DISTRO set "LD_WHERE=--distribution %LAPTOP_DEV_DISTRO%"
set "LD_PROGRAM=laptop-dev"
if defined LAPTOP_DEV_ROOT set "LD_PROGRAM=%LAPTOP_DEV_ROOT%/scripts/laptop-dev.sh"
wsl.exe %LD_WHERE% --exec bash -lc "exec \"$0\" \"$@\"" "%LD_PROGRAM%" %*
exit /b %ERRORLEVEL%
