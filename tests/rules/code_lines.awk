# SPDX-License-Identifier: MIT
# Prints "<lines>  <file>" for each file and "total <lines>" at the end, counting the
# lines that hold something other than blanks and comments.
FNR == 1 {
    report()
    in_comment = 0
    file = FILENAME
    lines = 0
}
code_of($0) ~ /[^ \t\r\f]/ {
    lines++
}
END {
    report()
    print "total " (total + 0)
}
function report()
{
    if (file != "")
        printf "%6d  %s\n", lines, file
    total += lines
}
