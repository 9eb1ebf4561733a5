# laptop-dev from PowerShell: runs it in a distribution of WSL, in the current folder. docs/windows.md; unverified on a real host.
# LAPTOP_DEV_DISTRO: the distribution, else the default one. LAPTOP_DEV_ROOT: the clone in it, else laptop-dev of its login shell.
# What a caller has set for errors does not hold here: neither a line on stderr nor an exit code is to end this script before it hands the code over.
$ErrorActionPreference = 'Continue'
$PSNativeCommandUseErrorActionPreference = $false
# For what is piped in: Windows PowerShell makes a question mark of every letter that is not ASCII.
$OutputEncoding = New-Object System.Text.UTF8Encoding $false
if (-not (Get-Command wsl.exe -CommandType Application -ErrorAction SilentlyContinue)) {
  [Console]::Error.WriteLine('laptop-dev: there is no wsl.exe on PATH. Install WSL: https://aka.ms/wslinstall')
  exit 4
}
$where = @()
if ($env:LAPTOP_DEV_DISTRO) { $where = @('--distribution', $env:LAPTOP_DEV_DISTRO) }
$program = 'laptop-dev'
if ($env:LAPTOP_DEV_ROOT) { $program = "$env:LAPTOP_DEV_ROOT/scripts/laptop-dev.sh" }
# a,b is a list to PowerShell. Each word goes in quotes of the shell, and all in Base64: Windows PowerShell loses quotes on the way.
$words = @($program) + @($args | ForEach-Object { if ($_ -is [array]) { $_ -join ',' } else { "$_" } })
$line = 'exec ' + (($words | ForEach-Object { "'" + $_.Replace("'", "'\''") + "'" }) -join ' ')
$code = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($line))
$call = $where + @('--exec', 'bash', '-lc', 'set -f; IFS=; eval $(base64 -d <<<$0)', $code)
if ($MyInvocation.ExpectingInput) { $input | & wsl.exe @call } else { & wsl.exe @call }
exit $LASTEXITCODE
