package recipe

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
)

// Data is what a template is given. What comes from the roster is text, and
// every place where it stands has to quote it for its language.
type Data struct {
	Series   string // "3.13"
	Release  string // "3.13.5", or a mark
	Dir      string // the release's folder below python.org/ftp/python
	Artifact string // "Python-3.13.5.tar.xz"
	URL      string // of the artifact; its sidecars lie beside it

	Sigstore, PGP bool // what to verify with

	Identity Identity // zero without Sigstore
	Signers  []string // full fingerprints, any of which may sign; none without PGP

	SHA256 string // of the artifact in hex, or a mark
	SRI    string // the same as Subresource Integrity writes it, or a mark
	Size   string // of the artifact in bytes, or a mark
}

// Ext returns the artifact's extension, ".tar.xz".
func (d *Data) Ext() string { return strings.TrimPrefix(d.Artifact, "Python-"+d.Release) }

// WatchExt returns the extension as a regular expression.
func (d *Data) WatchExt() string { return strings.ReplaceAll(d.Ext(), ".", `\.`) }

// SeriesRegexp returns the series as a regular expression, "3\.13".
func (d *Data) SeriesRegexp() string { return strings.ReplaceAll(d.Series, ".", `\.`) }

// SeriesDigits returns the series without its dot, "313".
func (d *Data) SeriesDigits() string { return strings.ReplaceAll(d.Series, ".", "") }

// Certificate returns the flags by which cosign and this program check who
// signed.
func (d *Data) Certificate() []string {
	if d.Identity.Pattern {
		// cosign looks for a match anywhere in the SAN unless it is anchored.
		return []string{"--certificate-identity-regexp", "^(?:" + d.Identity.SAN + ")$", "--certificate-oidc-issuer", d.Identity.Issuer}
	}
	return []string{"--certificate-identity", d.Identity.SAN, "--certificate-oidc-issuer", d.Identity.Issuer}
}

// Cert returns the flags by which sigstore-python checks who signed.
func (d *Data) Cert() ([]string, error) {
	exact, err := d.Exact()
	return []string{"--cert-identity", exact.SAN, "--cert-oidc-issuer", exact.Issuer}, err
}

// Exact returns the identity for clients that take no pattern.
func (d *Data) Exact() (Identity, error) {
	if d.Identity.Pattern {
		return Identity{}, errors.New("the roster has a pattern for this series' identity, and sigstore-python takes none")
	}
	return d.Identity, nil
}

// GetKeys returns the command that writes the signers' keys, and no others, to
// a file, armored or not. The key server is one that keeps user IDs: GnuPG takes
// no key without one.
func (d *Data) GetKeys(armored bool, file string) string {
	keys, armor := strings.Join(d.Signers, " "), ""
	if armored {
		armor = "--armor "
	}
	return fmt.Sprintf("gpg --keyserver hkps://keyserver.ubuntu.com --recv-keys %s && gpg %s--export %s > %s", keys, armor, keys, sh(file))
}

// functions are what templates quote with, one for each language. Each takes
// text that holds no control characters: Recipe refuses any other.
var functions = template.FuncMap{
	"sh":   shWords,
	"make": makeText,
	"rpm":  rpmText,
	"nix":  nixString,
	"ruby": rubyString,
	"yaml": yamlString,
	"join": func(sep string, all []string) string { return strings.Join(all, sep) },
}

// shWords makes a word of a string, and words of several, for a POSIX shell.
func shWords(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return sh(v), nil
	case []string:
		var words []string
		for _, s := range v {
			words = append(words, sh(s))
		}
		return strings.Join(words, " "), nil
	}
	return "", fmt.Errorf("sh quotes text, not %T", v)
}

// sh makes one word of s for a POSIX shell (2.2.2, single quotes), without
// quotes where none are needed.
func sh(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./_-", r))
	})
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// makeText escapes text in a command of a Makefile, where make expands what
// follows a dollar sign before the shell sees it.
func makeText(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// rpmText escapes text in a spec file, where macros are expanded everywhere.
func rpmText(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// nixString makes a string of Nix's (manual, "String literal").
func nixString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", `\${`).Replace(s) + `"`
}

// rubyString makes a string of Ruby's, in which nothing is interpolated.
func rubyString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "#", `\#`).Replace(s) + `"`
}

// yamlString makes a double-quoted scalar of YAML's, also where Jinja reads the
// file first, as in conda recipes: its delimiters are broken up by escapes.
func yamlString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "{", `\x7b`).Replace(s) + `"`
}
