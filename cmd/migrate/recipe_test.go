package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// scene is a folder in which a recipe is run.
type scene struct {
	t   *testing.T
	dir string
}

func newScene(t *testing.T) scene { return scene{t, t.TempDir()} }

// recipe writes a recipe of the program's own to verify.sh.
func (s scene) recipe(args ...string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	status := execute(context.Background(), append([]string{"recipe"}, args...), streams{&out, &errs}, time.Now)
	if status != 0 || errs.Len() > 0 {
		s.t.Fatalf("migrate recipe %s: status %d: %s", strings.Join(args, " "), status, errs.String())
	}
	s.write("verify.sh", out.Bytes())
}

func (s scene) write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// bring copies a file into the scene.
func (s scene) bring(name string, path ...string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name, data)
}

// artifact copies an artifact and its sidecars.
func (s scene) artifact(path string, sidecars ...string) {
	s.t.Helper()
	s.bring(filepath.Base(path), path)
	for _, suffix := range sidecars {
		s.bring(filepath.Base(path)+suffix, path+suffix)
	}
}

// keys writes public keys as gpgv takes them, and as migrate does.
func (s scene) keys(files ...string) {
	s.t.Helper()
	var binary, armored bytes.Buffer
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		block, err := armor.Decode(bytes.NewReader(data))
		if err != nil {
			s.t.Fatalf("%s: %v", file, err)
		}
		if _, err := io.Copy(&binary, block.Body); err != nil {
			s.t.Fatal(err)
		}
		armored.Write(data)
	}
	s.write("python-keys.gpg", binary.Bytes())
	s.write("python-keys.asc", armored.Bytes())
}

func (s scene) change(name string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name, append(data, '\n'))
}

// run runs the recipe and returns its exit status and what it said.
func (s scene) run(args ...string) (status int, said string) {
	s.t.Helper()
	cmd := exec.Command("sh", append([]string{"verify.sh"}, args...)...)
	cmd.Dir = s.dir
	home := filepath.Join(s.dir, "home")
	cmd.Env = append(os.Environ(), "HOME="+home, "GNUPGHOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "LC_ALL=C",
		"MIGRATE_OFFLINE=", "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1") // no network
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// passes and fails run the recipe, and assert what it says.
func (s scene) passes(what string, args ...string) {
	s.t.Helper()
	if status, said := s.run(args...); status != 0 {
		s.t.Errorf("%s: exit status %d:\n%s", what, status, said)
	}
}

func (s scene) fails(what, why string, args ...string) {
	s.t.Helper()
	status, said := s.run(args...)
	if status == 0 || status > 2 || !strings.Contains(said, why) {
		s.t.Errorf("%s: exit status %d, want 1 or 2 and %q:\n%s", what, status, why, said)
	}
}

func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
}

// shells are the recipes of plain shell that can be run without network, and
// what each says when the bytes are not those that were signed, and when
// somebody else signed them. cosign's versions say it in different words, all of
// which have to do with identities.
var shells = []struct {
	system, program, method string
	changed, other          string
}{
	{"shell-gpgv", "gpgv", "pgp", "BAD signature", "no good PGP signature by the release manager's key"},
	{"shell-cosign", "cosign", "sigstore", "invalid signature", "dentit"},
	{"shell-cosign", "cosign", "both", "invalid signature", "dentit"},
	{"shell-migrate", "migrate", "sigstore", "digest-mismatch", "wrong-identity"},
	{"shell-migrate", "migrate", "both", "not verified by both methods", "not verified by both methods"},
	{"nix", "cosign", "sigstore", "", "dentit"},
}

func TestRecipesRun(t *testing.T) {
	demo, err := filepath.Abs("../../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range shells {
		if c.changed == "" {
			continue
		}
		t.Run(c.system+" "+c.method, func(t *testing.T) {
			needs(t, c.program)
			if c.method == "both" {
				needs(t, "gpgv")
			}
			s := newScene(t)
			s.recipe(c.system, "--release", "3.12.4", "--method", c.method, "--roster", filepath.Join(demo, "roster.yaml"))
			s.bring("trusted_root.json", demo, "trusted_root.json")
			s.keys(filepath.Join(demo, "keys", "jonas-wren-2025.asc"), filepath.Join(demo, "keys", "mara-castellano.asc"))
			s.artifact(filepath.Join(demo, "mirror", "3.12.4", "Python-3.12.4.tar.xz"), ".asc", ".sigstore")
			s.passes("the right file")

			// Well signed, and by somebody whose key is in the file, too.
			other := "Python-3.10.1.tgz"
			s.artifact(filepath.Join(demo, "mirror", "3.10.1", other), ".asc", ".sigstore")
			s.fails("signed by somebody else", c.other, other)

			s.change("Python-3.12.4.tar.xz")
			s.fails("a changed file", c.changed)
			s.fails("no file", "", "Python-3.12.5.tar.xz")
		})
	}
}

// TestRecipeBoth: where both methods are asked for, one is not enough.
func TestRecipeBoth(t *testing.T) {
	demo, err := filepath.Abs("../../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range shells {
		if c.method != "both" {
			continue
		}
		t.Run(c.system, func(t *testing.T) {
			needs(t, c.program)
			needs(t, "gpgv")
			const file = "Python-3.12.4.tar.xz"
			place := filepath.Join(demo, "mirror", "3.12.4", file)
			for _, suffix := range []string{".asc", ".sigstore"} {
				s := newScene(t)
				s.recipe(c.system, "--release", "3.12.4", "--method", "both", "--roster", filepath.Join(demo, "roster.yaml"))
				s.bring("trusted_root.json", demo, "trusted_root.json")
				s.keys(filepath.Join(demo, "keys", "jonas-wren-2025.asc"))
				s.artifact(place, ".asc", ".sigstore")
				s.passes("both")

				// Of other bytes by the same person.
				s.bring(file+suffix, filepath.Join(demo, "mirror", "3.12.4", "Python-3.12.4.tgz"+suffix))
				s.fails(suffix+" of another file", "")
				if err := os.Remove(filepath.Join(s.dir, file+suffix)); err != nil {
					t.Fatal(err)
				}
				s.fails("without "+suffix, "")
			}
		})
	}
}

// TestRecipeExpiredKey: gpgv passes what a key that has expired has signed, and
// the recipe says what to look at.
func TestRecipeExpiredKey(t *testing.T) {
	needs(t, "gpgv")
	demo, err := filepath.Abs("../../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t)
	s.recipe("shell-gpgv", "--release", "3.12.4", "--roster", filepath.Join(demo, "roster.yaml"))
	s.keys(filepath.Join(demo, "keys", "jonas-wren-2019.asc")) // expired in 2025
	s.artifact(filepath.Join(demo, "mirror", "3.12.4", "Python-3.12.4.tar.xz"), ".asc")
	s.fails("an expired copy", "is the copy of the key expired?")
}

func TestRecipesRunCorpus(t *testing.T) {
	corpus := os.Getenv("MIGRATE_CORPUS")
	if corpus == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	const file = "Python-3.13.5.tar.xz"
	place := filepath.Join(corpus, "mirror", "3.13.5", file)
	for _, c := range shells {
		t.Run(c.system+" "+c.method, func(t *testing.T) {
			needs(t, c.program)
			s := newScene(t)
			s.bring("trusted_root.json", corpus, "trust", "trusted_root.json")
			s.keys(filepath.Join(corpus, "keys", "thomas-wouters.asc"))
			s.artifact(place, ".asc", ".sigstore")
			if c.program == "gpgv" || c.method == "both" {
				needs(t, "gpgv")
				out, _ := exec.Command("gpgv", "--status-fd", "1", "--keyring", filepath.Join(s.dir, "python-keys.gpg"), place+".asc", place).Output()
				if strings.Contains(string(out), "EXPKEYSIG") {
					t.Skip("the corpus's copy of the key has expired since")
				}
			}
			s.recipe(c.system, "--release", "3.13.5", "--method", c.method, "--artifact", place)
			if c.system == "nix" {
				// What is to be run is its second part.
				data, err := os.ReadFile(filepath.Join(s.dir, "verify.sh"))
				if err != nil {
					t.Fatal(err)
				}
				_, check, _ := strings.Cut(string(data), "# ==> check.sh\n")
				s.write("verify.sh", []byte(check))
				s.passes("the pinned digest")
				s.write("verify.sh", []byte(strings.Replace(check, "sha256:9", "sha256:8", 1)))
				s.fails("another digest", "")
				return
			}
			s.passes("the right file")

			if c.method == "sigstore" { // the corpus has no .asc of another person's
				other := "Python-3.11.2.tgz"
				s.artifact(filepath.Join(corpus, "mirror", "3.11.2", other), ".sigstore")
				s.fails("signed by somebody else", c.other, other)
				s.recipe(c.system, "--release", "3.11.2")
				s.passes("a v0.2 bundle with P-384", other)
				s.recipe(c.system, "--release", "3.13.5")
			}
			s.change(file)
			s.fails("a changed file", c.changed)
		})
	}
}
