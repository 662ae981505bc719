package recipe

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/sigstore"
)

// hostile is text that runs something wherever it stands unquoted or badly
// quoted: in a shell, in make, in a spec file, in Nix, in Ruby, in Jinja.
var hostile = []string{
	"a'$(touch${IFS}pwned)'@python.org",
	"a\"$(touch${IFS}pwned)\"@python.org",
	"a`touch${IFS}pwned`@python.org",
	"a;touch${IFS}pwned;@python.org",
	"a'; touch pwned; '@python.org",
	"a$(shell touch pwned)$${X}@python.org",
	"a%(touch pwned)%{lua:os.execute('touch pwned')}%%@python.org",
	"a#{`touch pwned`}${builtins.abort \"\"}@python.org",
	"a{{ cycler.__init__ }}{% raw %}@python.org",
	"a&&touch pwned||@python.org",
	"a>pwned@python.org",
	"--use-signed-timestamps",
	"a\\",
	"*",
	"~root",
	"a  b",
}

func TestQuotingRunsNothing(t *testing.T) {
	all := append(slices.Clone(hostile), "", "plain", "thomas@python.org", "é", "$(ls)", "$HOME", "`ls`")
	for c := ' '; c <= '~'; c++ {
		all = append(all, "a"+string(c)+"b")
	}
	for _, s := range all {
		dir := t.TempDir()
		cmd := exec.Command("sh", "-c", "printf %s "+sh(s))
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil || string(out) != s {
			t.Errorf("sh makes %q of %s, want %q (%v)", out, sh(s), s, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s ran something", sh(s))
		}
		var back string
		if err := yaml.Unmarshal([]byte(yamlString(s)), &back); err != nil || back != s {
			t.Errorf("YAML makes %q of %s, want %q (%v)", back, yamlString(s), s, err)
		}
		if q := yamlString(s); strings.Contains(q, "{{") || strings.Contains(q, "{%") || strings.Contains(q, "{#") {
			t.Errorf("Jinja reads %s", q)
		}
	}
}

func TestQuoting(t *testing.T) {
	tests := []struct{ got, want string }{
		{makeText(`$(shell x) $$`), `$$(shell x) $$$$`},
		{rpmText(`%{lua:x} %% %(x)`), `%%{lua:x} %%%% %%(x)`},
		{nixString(`a"b\c${d}$e`), `"a\"b\\c\${d}$e"`},
		{rubyString(`a"b\c#{d}`), `"a\"b\\c\#{d}"`},
		{yamlString(`a"b\c{{d}}`), `"a\"b\\c\x7b\x7bd}}"`},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("quoted as %s, want %s", test.got, test.want)
		}
	}
	if _, err := shWords(1); err == nil {
		t.Error("sh quotes a number")
	}
}

func TestUnseen(t *testing.T) {
	for _, c := range []string{"\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\u200b", "\u2028", "\u202e", "\ufeff", "\xff"} {
		for _, e := range []keyrings.Expectation{
			{Identities: []sigstore.Identity{{SAN: "a" + c + "@python.org", Issuer: "https://accounts.google.com"}}},
			{Identities: []sigstore.Identity{{SAN: "a@python.org", Issuer: "https://accounts.google.com" + c}}},
		} {
			if _, err := identity(e); err == nil || !strings.HasSuffix(err.Error(), "holds what cannot be seen, and cannot stand in a recipe") {
				t.Errorf("%+q: error %v", c, err)
			}
		}
	}
	if _, err := identity(keyrings.Expectation{}); err == nil || err.Error() != "the roster names nobody who may sign with Sigstore" {
		t.Errorf("error %v where nobody may sign", err)
	}
}

// stub stands for every program that a recipe calls: it writes down how it was
// called. What it answers as gpgv is what a good signature makes gpgv say.
const stub = `#!/bin/sh
for arg in "${0##*/}" "$@"; do printf '%s\n' "$arg" >> "$CALLS"; done
if [ "${0##*/}" = gpgv ]; then
  echo "[GNUPG:] GOODSIG A821E680E5FA6305 A"
  echo "[GNUPG:] VALIDSIG 7169605F62C751356D054A26A821E680E5FA6305 2025-06-11 1749663954 0 4 0 1 10 00 7169605F62C751356D054A26A821E680E5FA6305"
fi
if [ "${0##*/}" = migrate ]; then echo '"verdict": "equivalent"'; fi
`

// how says how each part that checks a signature is run. The rest is what the
// system itself brings along.
var how = map[string]func(text string) string{
	"verify.sh":             asIs,
	"check.sh":              asIs,
	"debian/check-sigstore": asIs,
	"debian/check-import":   func(text string) string { return "GBP_UPSTREAM_VERSION=3.13.5\n" + text },
	"PKGBUILD":              func(text string) string { return "SRCDEST=. startdir=.\n" + text + "verify\n" },
	"APKBUILD": func(text string) string {
		return "makedepends= srcdir=. builddir=.\ndefault_prepare() { :; }\n" + text + "prepare\n"
	},
	"the ebuild in dev-lang/python": func(text string) string {
		return `inherit() { :; }; use() { true; }; default() { :; }
verify-sig_verify_detached() { sigstore "$VERIFY_SIG_CERT_IDENTITY" "$VERIFY_SIG_CERT_OIDC_ISSUER" "$@"; }
PV=3.13.5 DISTDIR=.
` + text + "src_unpack\n"
	},
	"docker/build_scripts/build-cpython.sh": func(text string) string { return "fetch_source() { :; }\n" + text },
	"Dockerfile": func(text string) string {
		_, run, _ := strings.Cut(text, "RUN ")
		return "PYTHON_SHA256=x; rm() { :; }\n" + strings.ReplaceAll(run, "/tmp/verify/cosign", "cosign")
	},
	// As rpm expands them, %% is a percent sign.
	"python3.13.spec": specPrep,
	"python313.spec":  specPrep,
	"Makefile":        makeCommands,
}

func asIs(text string) string { return text }

var source1 = regexp.MustCompile(`%\{SOURCE(\d)\}`)

func specPrep(text string) string {
	_, prep, ok := strings.Cut(text, "%prep\n")
	if !ok {
		return ":\n"
	}
	prep = strings.ReplaceAll(prep, "%gpgverify -k2 -s1 -d0\n", "")
	prep = source1.ReplaceAllString(prep, "source$1")
	if rest := strings.ReplaceAll(prep, "%%", ""); strings.Contains(rest, "%") {
		return "echo 'a macro is left'; exit 1\n"
	}
	return strings.ReplaceAll(prep, "%%", "%")
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// makeCommands is what make hands to the shell of the target's commands.
func makeCommands(text string) string {
	_, commands, _ := strings.Cut(text, "checksum\n")
	commands = strings.ReplaceAll(commands, "${MKDIR}", "mkdir -p")
	commands = strings.ReplaceAll(commands, "${FETCH_CMD}", "wget")
	// $$ is a dollar sign, and may stand before a brace.
	commands = strings.ReplaceAll(commands, "$$", "\x00")
	commands = variable.ReplaceAllString(commands, "$1")
	if strings.Contains(commands, "$") {
		return "echo 'a variable is left'; exit 1\n"
	}
	return strings.ReplaceAll(commands, "\x00", "$")
}

// TestHostileRoster runs the shell of every recipe with stubs in place of the
// programs: they get the identity as it is, and nothing else happens.
func TestHostileRoster(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"cosign", "sigstore", "migrate", "gpgv", "gpg", "gpgconf", "wget", "curl", "sha256sum"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(stub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	book, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	v := release.Version{Major: 3, Minor: 13, Micro: 5}
	for _, s := range book.Systems() {
		for _, m := range s.Methods {
			if m == PGP {
				continue // it has no identity
			}
			for i, san := range hostile {
				for _, pattern := range []bool{false, true} {
					if pattern && slices.Contains(s.Clients[m], SigstorePython) {
						continue
					}
					if i > 2 && (pattern || m == Both) {
						continue // the same words in the same places
					}
					d := &Data{
						Series: "3.13", Release: v.String(), Dir: v.Dir(), Artifact: "Python-3.13.5.tar.xz", URL: "https://www.python.org/ftp/python/3.13.5/Python-3.13.5.tar.xz",
						Sigstore: true, PGP: m == Both,
						Identity: Identity{SAN: san, Issuer: "https://accounts.example/" + san, Pattern: pattern},
						Signers:  []string{"7169605F62C751356D054A26A821E680E5FA6305"}, SHA256: strings.Repeat("0", 64), SRI: "sha256-", Size: "1",
					}
					parts, err := s.render(d)
					if err != nil {
						t.Fatal(err)
					}
					var calls string
					for _, p := range parts {
						if run, ok := how[p.File]; ok {
							calls += execute(t, s.Name+" "+string(m)+" "+p.File, bin, run(p.Text))
						} else if strings.Contains(p.Text, san) && san != "*" {
							t.Errorf("%s: %q stands in %s, and no test runs it", s.Name, san, p.File)
						}
					}
					want := san
					if pattern {
						want = "^(?:" + san + ")$"
					}
					if !strings.Contains(calls, "\n"+want+"\n") || !strings.Contains(calls, "\nhttps://accounts.example/"+san+"\n") {
						t.Errorf("%s %s: %q did not arrive:\n%s", s.Name, m, want, calls)
					}
				}
			}
		}
	}
}

// execute runs a script, for bash where it needs it, and returns how the stubs
// were called.
func execute(t *testing.T, what, bin, script string) string {
	t.Helper()
	shell := "sh"
	if strings.Contains(what, "PKGBUILD") || strings.Contains(what, "ebuild") || strings.Contains(what, "build-cpython") {
		shell = "bash"
	}
	dir := t.TempDir()
	calls := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command(shell, "-euc", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "CALLS="+calls)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", what, err, out, script)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Errorf("%s ran what stands in the identity:\n%s", what, script)
	}
	data, err := os.ReadFile(calls)
	if err != nil && script != ":\n" {
		t.Errorf("%s called nothing:\n%s", what, script)
	}
	return string(data)
}

// TestShell holds the shell of every recipe to the shells, and to shellcheck
// where it is installed.
func TestShell(t *testing.T) {
	book, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Log("shellcheck is not installed: only the shells read the recipes")
	}
	v := release.Version{Major: 3, Minor: 13, Micro: 5}
	read := 0
	for _, s := range book.Systems() {
		for _, m := range s.Methods {
			r, err := s.Recipe(roster, Request{Series: v.Series(), Release: &v, Method: m, SHA256: strings.Repeat("0", 64)})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r.Parts {
				var checks [][]string
				switch p.File {
				case "verify.sh", "check.sh", "debian/check-sigstore", "debian/check-import":
					checks = [][]string{{"sh", "-n"}, {"bash", "-n"}}
					if shellcheck != "" {
						checks = append(checks, []string{shellcheck, "-s", "sh", "-"})
					}
				case "PKGBUILD", "the ebuild in dev-lang/python", "docker/build_scripts/build-cpython.sh":
					checks = [][]string{{"bash", "-n"}}
				case "APKBUILD":
					checks = [][]string{{"sh", "-n"}}
				default:
					if strings.HasPrefix(p.File, "shell, once") {
						checks = [][]string{{"sh", "-n"}}
					}
				}
				for _, check := range checks {
					read++
					cmd := exec.Command(check[0], check[1:]...)
					cmd.Stdin = strings.NewReader(p.Text)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%s %s %s: %s: %v\n%s", s.Name, m, p.File, check[0], err, out)
					}
				}
			}
		}
	}
	if read < 50 {
		t.Errorf("only %d readings of shell", read)
	}
}
