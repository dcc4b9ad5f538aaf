# SPDX-License-Identifier: MIT
# code_of(line) returns a line of C without its comments, and with its string and
# character literals emptied. It remembers an open comment from line to line:
# set in_comment = 0 at the start of each file.
function code_of(line,    code, mark, literal)
{
    code = ""
    while (line != "") {
        if (in_comment) {
            mark = index(line, "*/")
            if (mark == 0)
                return code
            in_comment = 0
            line = substr(line, mark + 2)
            code = code " "
            continue
        }
        if (!match(line, /["']|\/[*]|\/\//))
            return code line
        code = code substr(line, 1, RSTART - 1)
        mark = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (mark == "//")
            return code
        if (mark == "/*") {
            in_comment = 1
            continue
        }
        literal = mark == "\"" ? match(line, /^([^"\\]|\\.)*"/) : match(line, /^([^'\\]|\\.)*'/)
        code = code mark mark
        line = literal ? substr(line, RLENGTH + 1) : ""
    }
    return code
}
