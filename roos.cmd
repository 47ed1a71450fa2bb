@echo off
rem Runs roos from this checkout on Windows; builds it first where it is missing. "roos.cmd --rebuild" builds it again.
setlocal
set "here=%~dp0"
set "program=%here%artifacts\roos-win"
if "%~1"=="--rebuild" (
    rmdir /s /q "%program%" 2>nul
    shift
)
where dotnet >nul 2>nul || (echo roos: needs the .NET 10 SDK ^(the 'dotnet' command^), see README.md 1>&2 & exit /b 1)
if exist "%program%\roos.exe" (
    rem The incremental check is one question: is any source newer than the program?
    powershell -NoProfile -Command "$p=(Get-Item '%program%\roos.exe').LastWriteTimeUtc; if (Get-ChildItem '%here%src','%here%Directory.Build.props','%here%Directory.Packages.props','%here%packages.lock.json' -Recurse -File | Where-Object { $_.FullName -notmatch '\\(bin|obj)\\' -and $_.LastWriteTimeUtc -gt $p } | Select-Object -First 1) { exit 1 }" && goto run
)
echo roos: building the program ... 1>&2
dotnet publish "%here%src\Roos.Builder\Roos.Builder.csproj" -c Release -r win-x64 --self-contained false -o "%program%" -p:PublishReadyToRun=true -p:RunAnalyzers=false -v quiet -nologo 1>&2 || exit /b 1
:run
"%program%\roos.exe" %*
exit /b %errorlevel%
