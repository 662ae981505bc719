package recipe_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/recipe"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const digest = "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640"

func version(t *testing.T, s string) *release.Version {
	t.Helper()
	v, err := release.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

func series(t *testing.T, s string) release.Series {
	t.Helper()
	v, err := release.ParseSeries(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func known(t *testing.T) (*recipe.Book, *keyrings.Roster) {
	t.Helper()
	book, err := recipe.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return book, roster
}

func text(t *testing.T, r *recipe.Recipe) string {
	t.Helper()
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSystems: there is a recipe for each of these, and a golden for each.
func TestSystems(t *testing.T) {
	book, roster := known(t)
	want := []string{"alpine", "arch", "conda-forge", "debian", "docker", "fedora", "freebsd", "gentoo", "git-buildpackage",
		"homebrew", "manylinux", "nix", "opensuse", "pyenv", "shell-cosign", "shell-gpgv", "shell-migrate", "shell-sigstore-python"}
	var got []string
	for _, s := range book.Systems() {
		got = append(got, s.Name)
		t.Run(s.Name, func(t *testing.T) {
			var b strings.Builder
			for _, m := range s.Methods {
				v := version(t, "3.13.5")
				r, err := s.Recipe(roster, recipe.Request{Series: v.Series(), Release: v, Method: m, SHA256: digest, Size: 22856016})
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "======== %s\n%s", m, text(t, r))
			}
			golden(t, s.Name, b.String())
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("systems (-want +got):\n%s", diff)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// who is written out here, and not taken from the roster.
var who = []struct{ release, san, issuer, fingerprint string }{
	{"3.7.17", "nad@python.org", "https://github.com/login/oauth", "0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D"},
	{"3.9.25", "lukasz@langa.pl", "https://github.com/login/oauth", "E3FF2839C048B25C084DEBE9B26995E310250568"},
	{"3.10.1", "pablogsal@python.org", "https://accounts.google.com", "A035C8C19219BA821ECEA86B64E628F8D684696D"},
	{"3.13.5", "thomas@python.org", "https://accounts.google.com", "7169605F62C751356D054A26A821E680E5FA6305"},
	{"3.14.0", "hugo@python.org", "https://github.com/login/oauth", ""},
	{"3.15.0a1", "hugo@python.org", "https://github.com/login/oauth", ""},
	{"3.17.2", "savannah@python.org", "https://github.com/login/oauth", ""},
}

var (
	offlineCosign  = regexp.MustCompile(`cosign(?:[^\n]*\\\n)*[^\n]*--offline`)
	brokenContinue = regexp.MustCompile(`\\\n\s*#`)
	mailAddress    = regexp.MustCompile(`[a-z]+@(?:python\.org|langa\.pl)`)
	fingerprint    = regexp.MustCompile(`\b[0-9A-F]{40}\b`)
	marks          = regexp.MustCompile(`\d\.N\b|SHA256-OF|SRI-OF|SIZE-OF|<no value>|\{\{`)
)

// TestEveryRecipe: in every recipe stand the right people and nobody else, no
// marks, and nothing that is known not to run.
func TestEveryRecipe(t *testing.T) {
	book, roster := known(t)
	for _, s := range book.Systems() {
		for _, m := range s.Methods {
			for _, w := range who {
				v := version(t, w.release)
				r, err := s.Recipe(roster, recipe.Request{Series: v.Series(), Release: v, Method: m, SHA256: digest, Size: 1})
				if w.fingerprint == "" && m != recipe.Sigstore {
					if err == nil || !strings.Contains(err.Error(), "PEP 761") {
						t.Errorf("%s %s %s: error %v, want one that names PEP 761", s.Name, m, w.release, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s %s %s: %v", s.Name, m, w.release, err)
					continue
				}
				out := text(t, r)
				bad := func(format string, args ...any) {
					t.Errorf("%s %s %s: %s:\n%s", s.Name, m, w.release, fmt.Sprintf(format, args...), out)
				}
				var people, keys, issuers []string
				if m != recipe.PGP {
					people, issuers = []string{w.san}, []string{w.issuer}
				}
				if m != recipe.Sigstore {
					keys = []string{w.fingerprint}
				}
				if got := distinct(mailAddress.FindAllString(out, -1)); !slices.Equal(got, people) {
					bad("identities %q, want %q", got, people)
				}
				if got := distinct(fingerprint.FindAllString(out, -1)); !slices.Equal(got, keys) {
					bad("fingerprints %q, want %q", got, keys)
				}
				for _, issuer := range []string{"https://github.com/login/oauth", "https://accounts.google.com"} {
					if strings.Contains(out, issuer) != slices.Contains(issuers, issuer) {
						bad("issuer %s", issuer)
					}
				}
				if mark := marks.FindString(out); mark != "" || len(r.Open) > 0 {
					bad("mark %q, open %v", mark, r.Open)
				}
				if offlineCosign.MatchString(out) || strings.Contains(out, "--trust-root ") {
					bad("a flag that cosign does not have")
				}
				if brokenContinue.MatchString(out) {
					bad("a comment within a continued line")
				}
				if untested := strings.Contains(out, "# Untested: "); untested != (r.Tested != recipe.Run) {
					bad("tested is %q", r.Tested)
				}
				if len(r.Needs) == 0 {
					bad("needs nothing")
				}
			}
		}
	}
}

func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

func TestOpen(t *testing.T) {
	book, roster := known(t)
	for name, want := range map[string][]string{
		"nix":          {"3.14.N", "SHA256-OF-Python-3.14.N.tar.xz", "sha256-SRI-OF-Python-3.14.N.tar.xz"},
		"freebsd":      {"3.14.N", "SHA256-OF-Python-3.14.N.tar.xz", "SIZE-OF-Python-3.14.N.tar.xz"},
		"shell-cosign": {"3.14.N"},
	} {
		s, _ := book.System(name)
		r, err := s.Recipe(roster, recipe.Request{Series: series(t, "3.14"), Method: recipe.Sigstore})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range r.Open {
			got = append(got, o.Mark)
			if !strings.Contains(text(t, r), "# Open: "+o.Mark+" stands for ") {
				t.Errorf("%s: the text does not say what %s is", name, o.Mark)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: open (-want +got):\n%s", name, diff)
		}
		if r.Release != "" || r.SHA256 != "" {
			t.Errorf("%s: release %q, digest %q: nobody gave them", name, r.Release, r.SHA256)
		}
	}
}

func TestRefused(t *testing.T) {
	book, roster := known(t)
	hugo := sigstore.Identity{SAN: "hugo@python.org", Issuer: "https://github.com/login/oauth"}
	tests := []struct {
		system, release string // or series
		q               recipe.Request
		want            string
	}{
		{"nix", "3.6", recipe.Request{Method: recipe.Sigstore}, "no recipe with Sigstore for 3.6: no release of 3.6 is signed with Sigstore; the first series with it is 3.7: 3.7 is signed with Sigstore from 3.7.14 on"},
		{"nix", "2.7.18", recipe.Request{Method: recipe.Both}, "no recipe with Sigstore for 2.7.18: no release of 2.7 is signed with Sigstore; the first series with it is 3.7: 3.7 is signed with Sigstore from 3.7.14 on"},
		{"nix", "3.7.10", recipe.Request{Method: recipe.Sigstore}, "no recipe with Sigstore for 3.7.10: Sigstore signing of 3.7 began with 3.7.14; an earlier release has a bundle only if it was signed later (if this one has one, give a report that verified it with --from)"},
		{"nix", "3.14", recipe.Request{Method: recipe.PGP}, "no recipe with PGP for 3.14: PEP 761: CPython 3.14 and later are not signed with PGP"},
		{"alpine", "3.14.0", recipe.Request{Method: recipe.Both}, "no recipe with PGP for 3.14.0: PEP 761: CPython 3.14 and later are not signed with PGP"},
		{"alpine", "3.13", recipe.Request{Method: recipe.Both}, "alpine has no recipe for both, only for sigstore"},
		{"nix", "3.99", recipe.Request{Method: recipe.Sigstore}, "no recipe for 3.99: the roster has no row for series 3.99 and cannot say who signs it"},
		{"nix", "3.9.8", recipe.Request{Method: recipe.PGP}, "no recipe for a recalled release: 3.9.8 was recalled; use 3.9.9 or later"},
		{"nix", "3.13.5", recipe.Request{Method: recipe.Sigstore, SHA256: "93e5"}, `"93e5" is not a SHA-256 in hex`},
		{"nix", "3.13.5", recipe.Request{Method: recipe.Sigstore, Bundle: &recipe.Bundle{Identity: hugo}},
			"Python-3.13.5.tar.xz was verified as signed by hugo@python.org (https://github.com/login/oauth), and the roster expects thomas@python.org (https://accounts.google.com): verify it anew with this roster"},
		{"nix", "3.13.5", recipe.Request{Method: recipe.PGP, Signer: "E3FF2839C048B25C084DEBE9B26995E310250568"},
			"Python-3.13.5.tar.xz was verified as signed by the key E3FF2839C048B25C084DEBE9B26995E310250568, which the roster does not expect: verify it anew with this roster"},
	}
	for _, test := range tests {
		s, _ := book.System(test.system)
		if strings.Count(test.release, ".") == 1 {
			test.q.Series = series(t, test.release)
		} else {
			test.q.Release = version(t, test.release)
			test.q.Series = test.q.Release.Series()
		}
		if _, err := s.Recipe(roster, test.q); err == nil || err.Error() != test.want {
			t.Errorf("%s %s %s: error\n%v\nwant\n%s", test.system, test.release, test.q.Method, err, test.want)
		}
	}
	s, _ := book.System("nix")
	if _, err := s.Recipe(roster, recipe.Request{Series: series(t, "3.12"), Release: version(t, "3.13.5"), Method: recipe.Sigstore}); err == nil || err.Error() != "3.13.5 is not a release of 3.12" {
		t.Errorf("error %v for a release of another series", err)
	}
}

// TestBackFilled: a bundle that was verified is one to check against, though
// none was due.
func TestBackFilled(t *testing.T) {
	book, roster := known(t)
	s, _ := book.System("shell-cosign")
	v := version(t, "3.7.10")
	r, err := s.Recipe(roster, recipe.Request{Series: v.Series(), Release: v, Method: recipe.Sigstore,
		Bundle: &recipe.Bundle{Identity: sigstore.Identity{SAN: "nad@python.org", Issuer: "https://github.com/login/oauth"}, Version: "0.1", Rekor: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Identity.SAN != "nad@python.org" {
		t.Errorf("identity %+v", r.Identity)
	}
}

func TestNeeds(t *testing.T) {
	book, roster := known(t)
	id := sigstore.Identity{SAN: "thomas@python.org", Issuer: "https://accounts.google.com"}
	tests := []struct {
		system string
		bundle *recipe.Bundle
		want   string
	}{
		{"shell-cosign", nil, "cosign 2.4.0 or later (2.4.0 and 2.4.1 with --new-bundle-format added)"},
		{"shell-cosign", &recipe.Bundle{Identity: id, Version: "0.1", Rekor: 1}, "cosign 2.4.0 or later (2.4.0 and 2.4.1 with --new-bundle-format added)"},
		{"shell-cosign", &recipe.Bundle{Identity: id, Version: "0.3", Rekor: 2}, "cosign 3.0.5 or later (from 2.6.0 on with --use-signed-timestamps added)"},
		{"shell-sigstore-python", nil, "sigstore-python 3.0.0 or later"},
		{"shell-sigstore-python", &recipe.Bundle{Identity: id, Version: "0.1", Rekor: 1}, "sigstore-python 1.1.0 or later"},
		{"shell-sigstore-python", &recipe.Bundle{Identity: id, Version: "0.2", Rekor: 1}, "sigstore-python 2.0.0 or later"},
		{"shell-sigstore-python", &recipe.Bundle{Identity: id, Version: "0.3", Rekor: 1}, "sigstore-python 3.0.0 or later"},
		{"shell-sigstore-python", &recipe.Bundle{Identity: id, Version: "0.3", Rekor: 2}, "sigstore-python 4.0.0 or later"},
	}
	for _, test := range tests {
		s, _ := book.System(test.system)
		r, err := s.Recipe(roster, recipe.Request{Series: series(t, "3.13"), Method: recipe.Sigstore, Bundle: test.bundle})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Needs, []string{test.want}) {
			t.Errorf("%s %+v: needs %q, want %q", test.system, test.bundle, r.Needs, test.want)
		}
	}
}

// rosterOf is a roster in which these identities sign 3.13, and these keys.
func rosterOf(t *testing.T, identities string) *keyrings.Roster {
	t.Helper()
	r, err := keyrings.Parse("test", []byte(`version: 2026-04-28
people: {a: A}
keys:
  A: {person: a, fingerprint: 7169605F62C751356D054A26A821E680E5FA6305, algorithm: RSA-4096}
  B: {person: a, fingerprint: E3FF2839C048B25C084DEBE9B26995E310250568, algorithm: RSA-4096}
identities:
`+identities+`
series:
  - {series: 3.13, source: [A, B], sigstore: [`+ids(identities)+`]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var idName = regexp.MustCompile(`(?m)^  (\w+):`)

func ids(identities string) string {
	var names []string
	for _, m := range idName.FindAllStringSubmatch(identities, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, ", ")
}

const workload = `  w: {pattern: 'https://github\.com/python/release-tools/\.github/workflows/sign\.yml@refs/tags/.*', issuer: https://token.actions.githubusercontent.com}`

func TestPattern(t *testing.T) {
	book, _ := known(t)
	roster := rosterOf(t, workload)
	q := recipe.Request{Series: series(t, "3.13"), Release: version(t, "3.13.5"), Method: recipe.Sigstore, SHA256: digest, Size: 1}
	for _, s := range book.Systems() {
		if !slices.Contains(s.Methods, recipe.Sigstore) {
			continue
		}
		r, err := s.Recipe(roster, q)
		if slices.Contains(s.Clients[recipe.Sigstore], recipe.SigstorePython) {
			if err == nil || !strings.HasSuffix(err.Error(), "the roster has a pattern for this series' identity, and sigstore-python takes none") {
				t.Errorf("%s: error %v for a pattern", s.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		const want = `--certificate-identity-regexp '^(?:https://github\.com/python/release-tools/\.github/workflows/sign\.yml@refs/tags/.*)$' --certificate-oidc-issuer https://token.actions.githubusercontent.com`
		if !strings.Contains(text(t, r), want) {
			t.Errorf("%s: no %s in\n%s", s.Name, want, text(t, r))
		}
	}

	s, _ := book.System("shell-cosign")
	q.Bundle = &recipe.Bundle{Version: "0.3", Rekor: 1, Identity: sigstore.Identity{
		SAN: "https://github.com/python/release-tools/.github/workflows/sign.yml@refs/tags/v1", Issuer: "https://token.actions.githubusercontent.com"}}
	if _, err := s.Recipe(roster, q); err != nil {
		t.Errorf("a bundle that the pattern matches: %v", err)
	}
	q.Bundle.Identity.SAN = "https://evil.example/" + q.Bundle.Identity.SAN
	if _, err := s.Recipe(roster, q); err == nil || !strings.Contains(err.Error(), "and the roster expects") {
		t.Errorf("error %v for a bundle that the pattern matches only in part", err)
	}
}

func TestSeveral(t *testing.T) {
	book, _ := known(t)
	roster := rosterOf(t, "  a: {person: a, san: a@python.org, issuer: https://accounts.google.com}\n  b: {person: a, san: b@python.org, issuer: https://accounts.google.com}")
	s, _ := book.System("nix")
	q := recipe.Request{Series: series(t, "3.13"), Method: recipe.Sigstore}
	if _, err := s.Recipe(roster, q); err == nil || err.Error() != "the roster lets 2 identities sign, and a recipe checks for one: use a --roster that names it" {
		t.Errorf("error %v for two identities", err)
	}
	q.Method = recipe.PGP
	r, err := s.Recipe(roster, q)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text(t, r), "7169605F62C751356D054A26A821E680E5FA6305|E3FF2839C048B25C084DEBE9B26995E310250568)") {
		t.Errorf("two keys may sign, and not both stand in\n%s", text(t, r))
	}
	for _, f := range []pgp.Fingerprint{"7169605F62C751356D054A26A821E680E5FA6305", "E3FF2839C048B25C084DEBE9B26995E310250568"} {
		q.Signer = f
		if _, err := s.Recipe(roster, q); err != nil {
			t.Errorf("signed by %s: %v", f, err)
		}
	}
}

const front = "---\ntitle: T\nmethods:\n  sigstore: {tested: untested, clients: [cosign]}\n---\n"

// TestTemplates: somebody's own templates add systems and replace them, and
// mistakes in them are named by file and line.
func TestTemplates(t *testing.T) {
	book, roster := known(t)
	err := book.Add(fstest.MapFS{
		"own.tmpl":   {Data: []byte(front + "==> F\n{{template \"mine\" .}} {{sh .Certificate}}\n")},
		"_more.tmpl": {Data: []byte(`{{define "mine"}}{{.Artifact}}{{end}}`)},
		"nix.tmpl":   {Data: []byte(front + "==> F\nreplaced\n")},
	}, "own")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"own": "Python-3.13.5.tar.xz --certificate-identity thomas@python.org --certificate-oidc-issuer https://accounts.google.com\n",
		"nix": "replaced\n",
	} {
		s, ok := book.System(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		r, err := s.Recipe(roster, recipe.Request{Series: series(t, "3.13"), Release: version(t, "3.13.5"), Method: recipe.Sigstore})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]recipe.Part{{File: "F", Text: want}}, r.Parts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBadTemplates(t *testing.T) {
	tests := []struct{ file, text, want string }{
		{"x.tmpl", "==> F\n", "dir/x.tmpl:1: a template begins with a line --- and says what it is"},
		{"x.tmpl", "---\ntitle: T\n", "dir/x.tmpl:1: no line --- ends what the template says of itself"},
		{"x.tmpl", "---\ntitle: T\nmethod: {}\n---\n", "dir/x.tmpl:3: field method not found in type recipe.frontMatter"},
		{"x.tmpl", "---\ntitle: [\n---\n", "dir/x.tmpl:3: did not find expected node content"},
		{"x.tmpl", "---\ntitle: T\n---\n", "dir/x.tmpl:1: a template needs a title and methods"},
		{"x.tmpl", "---\ntitle: T\nmethods:\n  gpg: {tested: run}\n---\n", "dir/x.tmpl:1: no such method: gpg (want sigstore, both or pgp)"},
		{"x.tmpl", "---\ntitle: T\nmethods:\n  pgp: {tested: yes}\n---\n", `dir/x.tmpl:1: tested: "yes": want run, seen or untested`},
		{"x.tmpl", "---\ntitle: T\nmethods:\n  pgp: {tested: run, clients: [gpgv]}\n---\n", `dir/x.tmpl:1: clients: "gpgv": want cosign, sigstore-python, migrate or gnupg`},
		{"x.tmpl", "---\ntitle: \"a\\nrm -rf /\"\nmethods:\n  pgp: {tested: run}\n---\n", `dir/x.tmpl:1: "a\nrm -rf /" is not one line that can be seen`},
		{"x.tmpl", front + "==> F\n{{if}}\n", "dir/x.tmpl:7: missing value for if"},
		{"x.tmpl", front + "==> F\n{{shout .URL}}\n", `dir/x.tmpl:7: function "shout" not defined`},
		{"_x.tmpl", "\n{{", "dir/_x.tmpl:2: "},
		{"X Y.tmpl", front, `dir/X Y.tmpl: "X Y" is no name for a system: want lower-case words with - between them`},
		{"x.txt", front, "dir: no templates: want files SYSTEM.tmpl"},
		{"x.tmpl", strings.Repeat("x", 1<<20+1), "dir/x.tmpl: want a file of at most 1048576 bytes"},
	}
	for _, test := range tests {
		book, _ := known(t)
		files := fstest.MapFS{test.file: {Data: []byte(test.text)}}
		if strings.HasPrefix(test.file, "_") {
			files["y.tmpl"] = &fstest.MapFile{Data: []byte(front)}
		}
		if err := book.Add(files, "dir"); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%.60q: error\n%v\nwant\n%s", test.text, err, test.want)
		}
	}

	roster := rosterOf(t, workload)
	for text, want := range map[string]string{
		"==> F\n{{.Nothing}}\n":        `dir/x.tmpl:7:2: executing "dir/x.tmpl" at <.Nothing>: can't evaluate field Nothing in type *recipe.Data`,
		"==> F\n\n{{template \"no\"}}": `dir/x.tmpl:8:11: executing "dir/x.tmpl" at <{{template "no"}}>: template "no" not defined`,
		"words\n":                      `dir/x.tmpl: text before the first line ==> FILE: "words"`,
		"\n":                           "dir/x.tmpl: no part: a line ==> FILE begins one",
	} {
		book, _ := known(t)
		if err := book.Add(fstest.MapFS{"x.tmpl": {Data: []byte(front + text)}}, "dir"); err != nil {
			t.Fatal(err)
		}
		s, _ := book.System("x")
		if _, err := s.Recipe(roster, recipe.Request{Series: series(t, "3.13"), Method: recipe.Sigstore}); err == nil || err.Error() != want {
			t.Errorf("%q: error\n%v\nwant\n%s", text, err, want)
		}
	}
}
