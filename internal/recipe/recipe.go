// Package recipe writes down, in the syntax of one packaging system or client,
// how to verify a CPython source release with Sigstore, with PGP, or with both.
//
// What is said of a system stands in a template, a data file; who signs comes
// from the roster. The package is pure: it reads templates from a file system
// that it is given, and nothing else.
package recipe

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// Method is how a recipe verifies. The zero value is none.
type Method string

// The methods.
const (
	Sigstore Method = "sigstore"
	Both     Method = "both" // Sigstore and PGP: each has to hold
	PGP      Method = "pgp"
)

// Methods returns every method, in a fixed order.
func Methods() []Method { return []Method{Sigstore, Both, PGP} }

// ParseMethod returns the method of that name.
func ParseMethod(s string) (Method, error) {
	if !slices.Contains(Methods(), Method(s)) {
		return "", fmt.Errorf("no such method: %s (want sigstore, both or pgp)", s)
	}
	return Method(s), nil
}

// Request says what to verify, and how.
type Request struct {
	Series  release.Series
	Release *release.Version // nil: any of the series, and its number is left open
	Method  Method

	SHA256 string // of the artifact, 64 hex digits; "": left open
	Size   int64  // of the artifact in bytes; 0: left open

	// Bundle is the artifact's bundle that was verified, nil if none was, and
	// Signer the key of the PGP signature that was, "" if none was. Both have to
	// be what the roster expects: they may come from a run with another one.
	Bundle *Bundle
	Signer pgp.Fingerprint
}

// Bundle is what is known of a bundle that was verified.
type Bundle struct {
	Identity sigstore.Identity
	Version  string // "0.1", "0.2", "0.3"
	Rekor    int    // version of the transparency log, 1 or 2
}

// Recipe is what a maintainer pastes.
type Recipe struct {
	System  string   `json:"system"`
	Title   string   `json:"title"`
	Series  string   `json:"series"`
	Release string   `json:"release,omitempty"` // "": left open
	Method  Method   `json:"method"`
	Tested  Evidence `json:"tested"`

	Artifact string    `json:"artifact"`
	SHA256   string    `json:"sha256,omitempty"`
	Identity *Identity `json:"identity,omitempty"`
	Signers  []string  `json:"signers,omitempty"` // full fingerprints

	Needs []string `json:"needs"` // clients, each with the least version
	Notes []string `json:"notes,omitempty"`
	Open  []Open   `json:"open,omitempty"`
	Parts []Part   `json:"parts"`
}

// Identity is who signs with Sigstore.
type Identity struct {
	SAN     string `json:"san"`
	Issuer  string `json:"issuer"`
	Pattern bool   `json:"pattern,omitempty"` // SAN is a regular expression for the whole SAN
}

// Open is something that the recipe does not know. A mark stands in its place,
// which no system takes for the real thing.
type Open struct {
	Mark string `json:"mark"`
	Put  string `json:"put"` // what belongs there, and what fills it in
}

// Part is one thing to paste, into one file.
type Part struct {
	File string `json:"file"`
	Text string `json:"text"`
}

// Recipe returns the recipe of the system for what is asked. The error says why
// there is none, and since when there is one if that is a matter of time.
func (s *System) Recipe(roster *keyrings.Roster, q Request) (*Recipe, error) {
	name, open := q.artifact()
	expect := roster.Expect(name)
	if err := q.check(roster, name, expect); err != nil {
		return nil, err
	}
	if !slices.Contains(s.Methods, q.Method) {
		return nil, fmt.Errorf("%s has no recipe for %s, only for %s", s.Name, q.Method, joined(s.Methods))
	}
	r := &Recipe{
		System: s.Name, Title: s.Title, Method: q.Method, Tested: s.Tested[q.Method],
		Series: q.Series.String(), Artifact: name.File, Notes: s.Notes[q.Method],
	}
	d := &Data{
		Series: r.Series, Release: name.Version.String(), Dir: name.Version.Dir(), Artifact: name.File,
		Sigstore: q.Method != PGP, PGP: q.Method != Sigstore,
	}
	if open {
		d.Release = r.Series + ".N"
		d.Dir = d.Release
		d.Artifact = strings.Replace(name.File, name.Version.String(), d.Release, 1)
		r.Artifact = d.Artifact
	} else {
		r.Release = d.Release
	}
	d.URL = "https://www.python.org/ftp/python/" + d.Dir + "/" + d.Artifact
	if d.Sigstore {
		id, err := identity(expect)
		if err != nil {
			return nil, err
		}
		if q.Bundle != nil && !id.is(q.Bundle.Identity) {
			return nil, fmt.Errorf("%s was verified as signed by %s (%s), and the roster expects %s (%s): verify it anew with this roster",
				name.File, q.Bundle.Identity.SAN, q.Bundle.Identity.Issuer, id.SAN, id.Issuer)
		}
		d.Identity, r.Identity = id, &id
	}
	if d.PGP {
		if q.Signer != "" && !slices.Contains(expect.Signers, q.Signer) {
			return nil, fmt.Errorf("%s was verified as signed by the key %s, which the roster does not expect: verify it anew with this roster", name.File, q.Signer)
		}
		for _, f := range expect.Signers {
			d.Signers = append(d.Signers, string(f))
		}
		r.Signers = d.Signers
	}
	if err := d.measure(q); err != nil {
		return nil, err
	}
	r.SHA256 = strings.ToLower(q.SHA256)
	r.Needs = needs(s.Clients[q.Method], q.Bundle)

	parts, err := s.render(d)
	if err != nil {
		return nil, err
	}
	r.Parts = parts
	for _, o := range d.marks() {
		if slices.ContainsFunc(parts, func(p Part) bool { return strings.Contains(p.Text, o.Mark) }) {
			r.Open = append(r.Open, o)
		}
	}
	return r, nil
}

// latest stands for the micro number of a release that is yet to come: what
// holds from some release of a series on holds for it.
const latest = 1 << 16

// artifact returns the source archive that is asked about, and whether its
// release is left open.
func (q Request) artifact() (name release.Name, open bool) {
	v := release.Version{Major: q.Series.Major, Minor: q.Series.Minor, Micro: latest}
	if q.Release != nil {
		v = *q.Release
	}
	return Artifact(v), q.Release == nil
}

// Artifact returns the source archive of a release that recipes are about: the
// .tar.xz, or before 3.3, where not every release has one, the .tgz.
func Artifact(v release.Version) release.Name {
	ext := ".tar.xz"
	if v.Series().Compare(release.Series{Major: 3, Minor: 3}) < 0 {
		ext = ".tgz"
	}
	// Not through ParseName, which need not know a number that does not exist.
	file := "Python-" + v.String() + ext
	return release.Name{File: file, Upstream: file, Version: v, Kind: release.KindSource, Role: release.RoleSource}
}

// check returns why the release cannot be verified in the way that is asked.
func (q Request) check(roster *keyrings.Roster, name release.Name, e keyrings.Expectation) error {
	what := q.Series.String()
	if q.Release != nil {
		what = q.Release.String()
		if q.Release.Series() != q.Series {
			return fmt.Errorf("%s is not a release of %s", what, q.Series)
		}
	}
	switch {
	case !e.Known:
		return fmt.Errorf("no recipe for %s: %s", what, e.SigstoreReason)
	case e.Recalled != "":
		return fmt.Errorf("no recipe for a recalled release: %s", e.Recalled)
	case q.Method != Sigstore && e.PGP != keyrings.Required:
		return fmt.Errorf("no recipe with PGP for %s: %s", what, e.PGPReason)
	case q.Method == PGP:
		return nil
	case e.Sigstore == keyrings.None:
		return fmt.Errorf("no recipe with Sigstore for %s: %s%s", what, e.SigstoreReason, since(roster))
	case e.Sigstore == keyrings.Optional && q.Bundle == nil:
		return fmt.Errorf("no recipe with Sigstore for %s: %s (if this one has one, give a report that verified it with --from)", what, e.SigstoreReason)
	}
	return nil
}

// since tells which series was the first with Sigstore, as the end of a sentence.
func since(roster *keyrings.Roster) string {
	for _, s := range roster.Series() {
		name, _ := Request{Series: s}.artifact()
		if e := roster.Expect(name); e.Sigstore == keyrings.Required {
			return "; the first series with it is " + s.String() + ": " + e.SigstoreReason
		}
	}
	return ""
}

// identity returns the one identity that may sign, fit to stand in a recipe.
func identity(e keyrings.Expectation) (Identity, error) {
	var all []Identity
	for _, id := range e.Identities {
		all = append(all, Identity{SAN: id.SAN, Issuer: id.Issuer})
	}
	for _, p := range e.Patterns {
		if _, err := sigstore.ParsePattern(p.SAN, p.Issuer); err != nil {
			return Identity{}, err
		}
		all = append(all, Identity{SAN: p.SAN, Issuer: p.Issuer, Pattern: true})
	}
	switch len(all) {
	case 0:
		return Identity{}, errors.New("the roster names nobody who may sign with Sigstore")
	case 1:
	default:
		return Identity{}, fmt.Errorf("the roster lets %d identities sign, and a recipe checks for one: use a --roster that names it", len(all))
	}
	id := all[0]
	for _, s := range []string{id.SAN, id.Issuer} {
		if !printable(s) {
			return Identity{}, fmt.Errorf("the roster's identity %+q holds what cannot be seen, and cannot stand in a recipe", s)
		}
	}
	return id, nil
}

// is reports whether a verified identity is the one that may sign.
func (id Identity) is(verified sigstore.Identity) bool {
	if !id.Pattern {
		return verified == sigstore.Identity{SAN: id.SAN, Issuer: id.Issuer}
	}
	re, err := regexp.Compile(`\A(?:` + id.SAN + `)\z`)
	return err == nil && re.MatchString(verified.SAN) && verified.Issuer == id.Issuer
}

// printable reports whether s can be seen as it is: no control characters, line
// ends, or characters that change how others are shown.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// measure fills in digest and size, or what stands in their places.
func (d *Data) measure(q Request) error {
	d.SHA256, d.SRI, d.Size = "SHA256-OF-"+d.Artifact, "sha256-SRI-OF-"+d.Artifact, "SIZE-OF-"+d.Artifact
	if q.SHA256 != "" {
		sum, err := hex.DecodeString(q.SHA256)
		if err != nil || len(sum) != 32 {
			return fmt.Errorf("%q is not a SHA-256 in hex", q.SHA256)
		}
		d.SHA256, d.SRI = hex.EncodeToString(sum), "sha256-"+base64.StdEncoding.EncodeToString(sum)
	}
	if q.Size > 0 {
		d.Size = strconv.FormatInt(q.Size, 10)
	}
	return nil
}

// marks returns every mark that could be open.
func (d *Data) marks() []Open {
	const fill = " (--from REPORT.json and --artifact FILE fill it in)"
	return []Open{
		{d.Series + ".N", "the release (--release fills it in)"},
		{"SHA256-OF-" + d.Artifact, "the artifact's SHA-256 in hex" + fill},
		{"sha256-SRI-OF-" + d.Artifact, "the artifact's SHA-256 as sha256- and base64" + fill},
		{"SIZE-OF-" + d.Artifact, "the artifact's size in bytes" + fill},
	}
}

// Text writes the recipe for people: comments that say what it is, then its
// parts. In every system there is, # begins a comment.
func (r *Recipe) Text(w io.Writer) error {
	var b strings.Builder
	comment := func(label, text string) {
		for i, line := range fill(label+text, 76) {
			if i > 0 {
				line = "  " + line
			}
			b.WriteString("# " + line + "\n")
		}
	}
	what := r.Release
	if what == "" {
		what = r.Series
	}
	comment("", r.Title+": CPython "+what+" verified with "+methodNames[r.Method])
	comment("", r.Tested.sentence())
	for _, n := range r.Needs {
		comment("Needs: ", n)
	}
	for _, n := range r.Notes {
		comment("Note: ", n)
	}
	for _, o := range r.Open {
		comment("Open: ", o.Mark+" stands for "+o.Put)
	}
	for _, p := range r.Parts {
		b.WriteString("\n# ==> " + p.File + "\n" + p.Text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var methodNames = map[Method]string{Sigstore: "Sigstore", Both: "Sigstore and PGP", PGP: "PGP"}

// fill breaks text into lines of at most width characters, where words allow it.
func fill(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && utf8.RuneCountInString(lines[n-1])+1+utf8.RuneCountInString(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

func joined[T ~string](all []T) string {
	var words []string
	for _, v := range all {
		words = append(words, string(v))
	}
	return strings.Join(words, ", ")
}
