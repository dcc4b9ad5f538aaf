# SPDX-License-Identifier: MIT
# House rules a compiler cannot check. Prints a line for each offence.
BEGIN {
    longest_line = 100
    longest_file = 600
    longest_header = 200
    licence = "/* SPDX-License-Identifier: MIT */"
    banned = "strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|" \
             "system|popen|alloca"
    systems = "_WIN32|_WIN64|WIN32|_MSC_VER|__MINGW32__|__MINGW64__|__CYGWIN__|" \
              "__linux__|__linux|__unix__|__unix|__APPLE__|__FreeBSD__"
    banned = "(^|[^A-Za-z0-9_])(" banned ")[ \t]*[(]"
    systems = "(^|[^A-Za-z0-9_])(" systems ")($|[^A-Za-z0-9_])"
    quitting = "(^|[^A-Za-z0-9_])(exit|quick_exit)[ \t]*[(]"
    # In two parts, so that this line passes its own rule.
    unfinished = "(^|[^A-Za-z])(TO" "DO|FIX" "ME)($|[^A-Za-z])"
}
FNR == 1 {
    check_length()
    in_comment = 0
    file = FILENAME
    may_exit = file ~ /^tests\// || file ~ /(^|\/)main[^\/]*$/
    if ($0 != licence)
        offend("the first line is not " licence)
}
{
    lines = FNR
    # A continuation byte of UTF-8 takes no column. (Runs in the C locale.)
    columns = $0
    gsub(/[\200-\277]/, "", columns)
    if (length(columns) > longest_line)
        offend(length(columns) " columns, more than " longest_line)
    if ($0 ~ unfinished)
        offend("unfinished: finish it or file an issue")
    code = code_of($0)
    if (code ~ banned)
        offend("banned function: " code)
    if (code ~ systems)
        offend("asks for the system; use *_linux.c / *_windows.c: " code)
    if (!may_exit && code ~ quitting)
        offend("exit outside main: " code)
}
END {
    check_length()
}
function offend(what)
{
    print file ":" FNR ": " what
}
function check_length(    limit)
{
    limit = file ~ /\.h$/ ? longest_header : longest_file
    if (file != "" && lines > limit)
        print file ": " lines " lines, more than " limit
}
