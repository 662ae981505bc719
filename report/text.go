package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s fit to be shown on one line to people: what cannot be seen,
// or changes how other text is seen, stands as an escape sequence of Go's
// (\x1b, \n, \u202e), and a backslash as two. These are control characters,
// bidirectional controls, zero-width and other invisible characters, spaces
// that are not U+0020 or that are first or last, and bytes that are not UTF-8.
func Escape(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r == ' ' && (i == 0 || i == len(s)-1):
			writeByte(&b, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case visible(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

// plain reports whether s is made of visible ASCII only: the usual case.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '\\' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}

// visible reports whether r can be seen as itself. unicode.IsPrint knows
// controls, format characters and odd spaces; the rest are letters, marks and
// symbols by their category, and yet invisible.
func visible(r rune) bool {
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		r != '\u2800' // BRAILLE PATTERN BLANK
}

// text returns s as valid UTF-8, which JSON strings have to be: a byte that is
// not part of any character stands as \xNN, where encoding/json would put the
// same replacement character for all of them.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			writeByte(&b, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func texts(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, text(s))
	}
	return out
}

func writeByte(b *strings.Builder, c byte) {
	const hex = "0123456789abcdef"
	b.WriteString(`\x`)
	b.WriteByte(hex[c>>4])
	b.WriteByte(hex[c&15])
}
