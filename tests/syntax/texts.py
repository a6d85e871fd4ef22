"""Texts to try a reader of nginx's language on."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = [
    "server", "location", "a", "proxy_pass", "http://b:80/c", "~*", "\\.php$", "${x}y", "$host", "$", "\\;",
    "\\{", "\\ ",
    "\\\\", "a\\", '"q"', "'q'", '"a b;{}#"', "'\\''", '"\\""', '"', "'", "#", "# c\n", "a#b", ";", ";", ";\n",
    "{", "{\n",
    "}", "}\n", "}", " ", "\n", "\t", "\r\n", "  ", ")", "(", "é", "\ufeff", "\udc80", "\x00",
    "content_by_lua_block", "--",
    "[[", "]]", "{{ x }}", "{% if x %}", "{% else %}", "{% endif %}", "<% end %>", "<%= y %>", "${UP}", "__X__", "%X%",
    "{{#if a}}", "{{/if}}", "{{ range .x }}", "{{ end }}", "include", "map", "# configuration file /x:\n",
]  # fmt: skip

soups = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
"""Bits of the language and of template languages in any order: mostly wrong."""

any_texts = st.one_of(soups, st.text(max_size=60))

_plain = st.text("abz09/.:_-=*^~|@!+,?<>[]()&%é", min_size=1, max_size=8).filter(lambda word: word[0] != "#")
_escape = st.sampled_from(["\\;", "\\ ", "\\{", "\\}", '\\"', "\\'", "\\\\", "\\n", "\\.", "\\d"])
_variable = st.sampled_from(["$a", "$host", "$1"])
_tail = st.lists(st.one_of(_plain, _escape, _variable, st.sampled_from(["${a}/", "#", '"', "'"])), max_size=3)
_words = st.tuples(st.one_of(_plain, _escape, _variable, st.just("${a}x")), _tail).map(lambda t: t[0] + "".join(t[1]))
_inside = st.text("ab ;{}#$\n\\'\"é", max_size=8)


def _quote(text: str, quote: str) -> str:
    text = text.replace("\\", "\\\\") if text.endswith("\\") else text
    return quote + text.replace("\\" + quote, quote).replace(quote, "\\" + quote) + quote


_quoted = st.builds(_quote, _inside.map(lambda text: text.replace("\\", "/")), st.sampled_from(["'", '"']))
_blanks = st.sampled_from([" ", "  ", "\t", "\n", "\r\n", " # a comment; {\n", "\n\n   "])
_names = st.sampled_from(["alpha", "beta_x", "gamma", "delta", "x-y", "~^/z"])
_arguments = st.lists(st.tuples(_blanks, st.one_of(_words, _words, _quoted)).map("".join), max_size=3).map("".join)
_gaps = st.sampled_from(["", " ", "\n", "\r\n  ", "\n# note } ;\n"])
_simple = st.tuples(_gaps, _names, _arguments, st.sampled_from([";", " ;", "\n;"])).map("".join)
statements = st.recursive(
    _simple,
    lambda inner: st.tuples(
        _gaps,
        _names,
        _arguments,
        st.sampled_from(["{", " {", "\n{"]),
        st.lists(inner, max_size=3).map("".join),
        _gaps,
        st.just("}"),
    ).map("".join),
    max_leaves=6,
)
configurations = st.lists(statements, max_size=4).map(lambda parts: "".join(parts) + "\n")
"""Sound configurations of made-up directives, without what crossplane reads otherwise than nginx does."""


_LINES = [
    "add_header A b;", "proxy_set_header C $host;", 'set $args "e f";', "server_name g h;", "index i j;",
    "error_page 404 /k;", "allow all;", "rewrite ^/l /m;", "access_log off;", "uwsgi_param N o;", "return 404;",
    "# comment ; {", "expires 1h;", 'if ($host = "p") { return 200 "q;}"; }',
]  # fmt: skip
_IN_LOCATION = [line for line in _LINES if not line.startswith(("server_name", "if"))]


@st.composite
def servers(draw: st.DrawFn) -> str:
    """The inside of a server that nginx accepts: statements, and locations; each on a line of its own."""
    lines = draw(st.lists(st.sampled_from(_LINES), max_size=4, unique=True))
    for index in range(draw(st.integers(0, 3))):
        lines.append(f"location /{index} {{")
        lines += ["  " + line for line in draw(st.lists(st.sampled_from(_IN_LOCATION), max_size=3, unique=True))]
        lines.append("}")
    return "\n".join("  " + line for line in lines)
