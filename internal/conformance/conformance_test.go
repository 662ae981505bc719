package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
)

var (
	founded  = time.Date(2021, 6, 1, 0, 0, 0, 0, time.UTC)
	signing  = time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
	artifact = []byte("the artifact that all cases share\n")

	program string // migrate, built once
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "conformance")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "migrate")
		if out, err := exec.Command("go", "build", "-o", program, "migrate/cmd/migrate").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// S is what a case signs.
type S = sigstoretest.Signing

// A suite is a folder of cases in the making.
type suite struct {
	t   *testing.T
	dir string
	lab *sigstoretest.Sigstore
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	lab, err := sigstoretest.New("conformance", founded)
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{t, t.TempDir(), lab}
	s.write("a.txt", artifact)
	s.write("README.md", []byte("not a case"))
	s.write("a.txt.asc", []byte("not looked at: the question is about Sigstore alone"))
	return s
}

func (s *suite) write(name string, data []byte) {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// add adds a case with the lab's trust root, edited; what g leaves out is as
// the suite has it.
func (s *suite) add(name string, g S, edit func(root map[string]any)) {
	s.t.Helper()
	if g.Digest == [32]byte{} {
		g.Digest = sha256.Sum256(artifact)
	}
	if g.SAN == "" {
		g.SAN = defaultIdentity
	}
	if g.Issuer == "" {
		g.Issuer = defaultIssuer
	}
	g.Time = signing
	bundle, err := s.lab.Sign(g)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name+"/bundle.sigstore.json", bundle)
	data, err := s.lab.TrustRoot()
	if err != nil {
		s.t.Fatal(err)
	}
	if edit != nil {
		var root map[string]any
		if err := json.Unmarshal(data, &root); err != nil {
			s.t.Fatal(err)
		}
		edit(root)
		if data, err = json.Marshal(root); err != nil {
			s.t.Fatal(err)
		}
	}
	s.write(name+"/trusted_root.json", data)
	if g.Key != nil {
		s.key(name, g.Key)
	}
}

// key says with which key a case is to be checked.
func (s *suite) key(name string, key crypto.Signer) {
	s.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name+"/key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (s *suite) managed(name string) crypto.Signer {
	s.t.Helper()
	key, err := s.lab.ManagedKey(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

// conformance runs the program on the suite and returns what it prints.
func (s *suite) conformance(args ...string) (status int, out, complaints string) {
	s.t.Helper()
	var o, c bytes.Buffer
	status = execute(context.Background(), append(args, s.dir), &o, &c)
	return status, o.String(), c.String()
}

func service(root map[string]any, kind string) map[string]any {
	return root[kind].([]any)[0].(map[string]any)
}

// window is when a transparency log's key is valid.
func window(root map[string]any) map[string]any {
	return service(root, "tlogs")["publicKey"].(map[string]any)["validFor"].(map[string]any)
}

func at(after time.Duration) string { return signing.Add(after).Format(time.RFC3339Nano) }

// TestSuite has a case for every kind of what the public suite has: all come
// out right, and for the reason that they were made for.
func TestSuite(t *testing.T) {
	s := newSuite(t)
	want := map[string]string{} // what is said of each case
	add := func(name, answer string, g S, edit func(map[string]any)) {
		s.add(name, g, edit)
		want[name] = answer
	}
	v2 := S{Log: sigstoretest.RekorV2, Timestamp: true}

	add("happy-path", "good", S{}, nil)
	add("happy-path-v0.1", "good", S{Version: "0.1"}, nil)
	add("happy-path-v0.2-p384", "good", S{Version: "0.2", Algorithm: sigstoretest.P384SHA256}, nil)
	add("timestamp", "good", S{Timestamp: true}, nil)
	add("rekor2-ed25519", "good", v2, nil)
	add("rekor2-ecdsa", "good", S{Log: sigstoretest.RekorV2ECDSA, Timestamp: true}, nil)
	add("dsse", "good", S{DSSE: true}, nil)
	add("dsse-v0.1-statement", "good", S{DSSE: true, StatementType: "https://in-toto.io/Statement/v0.1"}, nil)
	add("rekor2-dsse", "good", S{DSSE: true, Log: sigstoretest.RekorV2, Timestamp: true}, nil)
	add("log-validity-end-inclusive", "good", S{}, func(r map[string]any) { window(r)["end"] = at(2 * time.Second) })
	add("tsa-validity-end-inclusive", "good", v2, func(r map[string]any) {
		service(r, "timestampAuthorities")["validFor"].(map[string]any)["end"] = at(time.Second)
	})
	add("identity-and-issuer", "good", S{SAN: "rm@example.org", Issuer: "https://accounts.example.org"}, nil)
	s.write("identity-and-issuer/identity", []byte("rm@example.org\n"))
	s.write("identity-and-issuer/issuer", []byte("https://accounts.example.org\n"))
	add("own-artifact", "good", S{Digest: sha256.Sum256([]byte("another artifact"))}, nil)
	s.write("own-artifact/artifact", []byte("another artifact"))

	for _, flaw := range sigstoretest.Flaws() {
		for kind, g := range map[string]S{"rekor1": {}, "rekor2": v2} {
			if g.Flaw = flaw; flaw.Applies(g) {
				name := fmt.Sprintf("%s-%s_fail", kind, flaw)
				s.add(name, g, nil)
				if want[name] = reasons[flaw]; want[name] == "" {
					t.Errorf("no reason for %s", flaw)
				}
			}
		}
	}
	add("wrong-identity_fail", "wrong-identity", S{SAN: "somebody@example.org"}, nil)
	add("wrong-issuer_fail", "wrong-identity", S{Issuer: "https://accounts.example.org"}, nil)
	add("other-artifact_fail", "digest-mismatch", S{Digest: sha256.Sum256([]byte("another artifact"))}, nil)
	add("dsse-other-artifact_fail", "digest-mismatch", S{DSSE: true, Digest: sha256.Sum256([]byte("another artifact"))}, nil)
	add("dsse-other-entry_fail", "bad (log-entry)", S{DSSE: true, Flaw: sigstoretest.OtherEntry}, nil)
	add("dsse-forged_fail", "bad (signature)", S{DSSE: true, Flaw: sigstoretest.ForgedSignature}, nil)
	add("rekor2-dsse-other-entry_fail", "bad (log-entry)", S{DSSE: true, Log: sigstoretest.RekorV2, Timestamp: true, Flaw: sigstoretest.OtherEntry}, nil)
	add("dsse-statement-unknown-type_fail", "malformed (not-a-bundle)", S{DSSE: true, StatementType: "https://in-toto.io/Statement/v2"}, nil)
	add("dsse-statement-missing-type_fail", "malformed (not-a-bundle)", S{DSSE: true, StatementType: sigstoretest.NoStatementType}, nil)
	add("not-logged_fail", "untrusted (transparency-log)", S{Log: sigstoretest.NoLog, Timestamp: true}, nil)
	add("no-time_fail", "untrusted (no-trusted-time)", S{Log: sigstoretest.RekorV2}, nil)
	add("log-validity-over_fail", "untrusted (transparency-log)", S{}, func(r map[string]any) { window(r)["end"] = at(time.Second) })
	add("log-validity-without-start_fail", "tlog missing public key validity period start", S{}, func(r map[string]any) { delete(window(r), "start") })
	add("no-certificate-log_fail", "names no certificate-log", S{}, func(r map[string]any) { delete(r, "ctlogs") })
	add("of-another-sigstore_fail", "untrusted (certificate-chain)", S{}, nil)
	if err := os.Remove(filepath.Join(s.dir, "of-another-sigstore_fail", "trusted_root.json")); err != nil {
		t.Fatal(err)
	}
	add("empty-bundle_fail", "malformed (empty)", S{}, nil)
	s.write("empty-bundle_fail/bundle.sigstore.json", nil)

	// With a managed key.
	key, stranger := s.managed("key"), s.managed("stranger")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	onlyLogs := func(r map[string]any) {
		delete(r, "ctlogs")
		delete(r, "certificateAuthorities")
		delete(r, "timestampAuthorities")
	}
	nothing := func(r map[string]any) { onlyLogs(r); delete(r, "tlogs") }
	add("managed-key", "good", S{Key: key, Hint: "a hint"}, nil)
	add("managed-key-rsa", "good", S{Key: rsaKey}, nil)
	add("managed-key-p384", "good", S{Key: p384}, nil)
	add("managed-key-p384-dsse", "good", S{Key: p384, DSSE: true, Algorithm: sigstoretest.P384SHA384}, nil)
	add("managed-key-rsa-dsse", "good", S{Key: rsaKey, DSSE: true}, nil)
	add("managed-key-ed25519-dsse", "good", S{Key: edKey, DSSE: true}, nil)
	add("managed-key-dsse", "good", S{Key: key, DSSE: true}, nil)
	add("managed-key-rekor2", "good", S{Key: key, Log: sigstoretest.RekorV2}, nil)
	add("managed-key-rekor2-timestamp", "good", S{Key: key, Log: sigstoretest.RekorV2, Timestamp: true}, nil)
	add("managed-key-root-with-logs-only", "good", S{Key: key, DSSE: true}, onlyLogs)
	add("managed-key-root-with-nothing", "good", S{Key: key, Log: sigstoretest.NoLog}, nothing)
	add("managed-key-root-with-nothing-log-entry_fail", "untrusted (transparency-log)", S{Key: key}, nothing)
	add("managed-key-root-with-nothing-forged_fail", "bad (signature)", S{Key: key, Log: sigstoretest.NoLog, Flaw: sigstoretest.ForgedSignature}, nothing)
	add("managed-key-root-with-logs-only-not-logged_fail", "untrusted (transparency-log)", S{Key: key, Log: sigstoretest.NoLog}, onlyLogs)
	add("managed-key-other-artifact_fail", "digest-mismatch", S{Key: key, Digest: sha256.Sum256([]byte("another artifact"))}, nil)
	add("managed-key-for-certificate_fail", "untrusted (key-not-certificate)", S{}, nil)
	s.key("managed-key-for-certificate_fail", key)
	add("managed-key-of-stranger_fail", "bad (signature)", S{Key: key}, nil)
	s.key("managed-key-of-stranger_fail", stranger)
	add("managed-key-unreadable_fail", "want a public key in PEM", S{Key: key}, nil)
	s.write("managed-key-unreadable_fail/key.pub", []byte("not a key"))
	add("managed-key-ed25519_fail", "incompatible (digest-algorithm)", S{Key: key}, nil)
	s.key("managed-key-ed25519_fail", edKey)
	add(bothPolicies, "--key is for bundles without a certificate", S{Key: key}, nil)

	// What the library refuses though it is right.
	known := map[string]bool{"dsse-with-hashedrekord": true, "managed-key-dsse-with-hashedrekord": true}
	add("dsse-with-hashedrekord", "bad (log-entry)", S{DSSE: true, PlainEntry: true}, nil)
	add("managed-key-dsse-with-hashedrekord", "bad (log-entry)", S{Key: key, DSSE: true, PlainEntry: true}, nil)

	args := []string{"-migrate", program}
	for name := range known {
		args = append(args, "-wrong", name)
	}
	status, out, complaints := s.conformance(args...)
	if status != 0 || complaints != "" {
		t.Errorf("exit status %d, complaints %q", status, complaints)
	}
	said := map[string]string{}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines[:len(lines)-1] {
		word, rest, _ := strings.Cut(line, "  ")
		name, answers, _ := strings.Cut(strings.TrimSpace(rest), "  ")
		said[name] = answers
		if expected := map[bool]string{false: "ok", true: "known"}[known[name]]; word != expected {
			t.Errorf("%s, want %s", line, expected)
		}
	}
	if len(said) != len(want) {
		t.Errorf("%d cases, want %d", len(said), len(want))
	}
	for name, answer := range want {
		byPath, byDigest, ok := strings.Cut(said[name], ", by digest ")
		byPath = strings.TrimPrefix(byPath, "by path ")
		same := func(s string) bool {
			return s == answer || strings.HasPrefix(s, "not judged: migrate: ") && strings.Contains(s, answer)
		}
		if !ok || !same(byPath) || !same(byDigest) {
			t.Errorf("%s: %s, want %s", name, said[name], answer)
		}
	}
	summary := fmt.Sprintf("%d cases, %d runs: %d right (8 refused before the bundle was judged), 0 wrong, %d wrong as known",
		len(want), 2*len(want), 2*len(want)-2*len(known), 2*len(known))
	if last := lines[len(lines)-1]; last != summary {
		t.Errorf("got  %s\nwant %s", last, summary)
	}
	t.Log(summary)
}

// reasons is what is said of a bundle with a flaw.
var reasons = map[sigstoretest.Flaw]string{
	sigstoretest.ForgedChain:      "untrusted (certificate-chain)",
	sigstoretest.NoSCT:            "untrusted (certificate-log)",
	sigstoretest.ForgedSCT:        "untrusted (certificate-log)",
	sigstoretest.UnknownCTLog:     "untrusted (certificate-log)",
	sigstoretest.ForgedSignature:  "bad (signature)",
	sigstoretest.OtherEntry:       "bad (log-entry)",
	sigstoretest.UnknownLog:       "untrusted (transparency-log)",
	sigstoretest.ForgedPromise:    "bad (log-entry)",
	sigstoretest.ForgedProof:      "bad (log-entry)",
	sigstoretest.ForgedCheckpoint: "bad (log-entry)",
	sigstoretest.LateEntry:        "bad (timestamp)",
	sigstoretest.OtherTimestamp:   "bad (timestamp)",
	sigstoretest.UnknownTSA:       "untrusted (no-trusted-time)",
	sigstoretest.DamagedTimestamp: "bad (timestamp)",
	sigstoretest.LateTimestamp:    "bad (timestamp)",
}

// TestWrong has suites that must not come out right.
func TestWrong(t *testing.T) {
	tests := []struct {
		name    string
		build   func(*suite)
		args    []string
		status  int
		line    string
		summary string
	}{
		{"a forgery is accepted", func(s *suite) { s.add("verifies_fail", S{}, nil) }, nil, 1,
			"WRONG  verifies_fail  by path good, by digest good", "1 cases, 2 runs: 0 right (0 refused before the bundle was judged), 2 wrong, 0 wrong as known"},
		{"a forgery is accepted, as known", func(s *suite) { s.add("verifies_fail", S{}, nil) }, []string{"-wrong", "verifies_fail"}, 1,
			"WRONG  verifies_fail  by path good, by digest good", "0 right (0 refused before the bundle was judged), 2 wrong, 0 wrong as known"},
		{"a right one is refused", func(s *suite) { s.add("forged", S{Flaw: sigstoretest.ForgedSignature}, nil) }, nil, 1,
			"WRONG  forged  by path bad (signature), by digest bad (signature)", "0 right (0 refused before the bundle was judged), 2 wrong, 0 wrong as known"},
		{"a right one is refused, as known", func(s *suite) { s.add("forged", S{Flaw: sigstoretest.ForgedSignature}, nil) }, []string{"-wrong", "forged"}, 0,
			"known  forged  by path bad (signature), by digest bad (signature)", "0 right (0 refused before the bundle was judged), 0 wrong, 2 wrong as known"},
		{"a known wrong one is right", func(s *suite) { s.add("mended", S{}, nil) }, []string{"-wrong", "mended"}, 1,
			"WRONG  mended  by path good, by digest good, named with -wrong, but it comes out right", "0 right (0 refused before the bundle was judged), 2 wrong, 0 wrong as known"},
		{"a right one is not judged", func(s *suite) { s.add("rootless", S{}, func(r map[string]any) { delete(r, "tlogs") }) }, nil, 1,
			"WRONG  rootless  by path not judged: migrate: trust root ", "0 right (0 refused before the bundle was judged), 2 wrong, 0 wrong as known"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSuite(t)
			test.build(s)
			status, out, complaints := s.conformance(append([]string{"-migrate", program}, test.args...)...)
			if status != test.status || !strings.HasPrefix(out, test.line) || !strings.Contains(out, test.summary) || complaints != "" {
				t.Errorf("exit status %d, complaints %q\n%s", status, complaints, out)
			}
		})
	}
}

// TestCrash has programs that do not refuse a forgery, but break down over it,
// or say one thing and do another.
func TestCrash(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	report := func(status string) string {
		return fmt.Sprintf(`echo '{"artifacts":[{"sigstore":{"status":"%s"}}]}'`, status)
	}
	tests := []struct {
		name, script, line string
		status             int
	}{
		{"panics", "echo 'panic: oh' >&2; exit 2", "WRONG  case_fail  by path not judged: panic: oh", 1},
		{"is killed", "kill -KILL $$", "WRONG  case_fail  by path not judged: exit status -1 without a word", 1},
		{"is silent", "exit 1", "WRONG  case_fail  by path not judged: exit status 1 without a word", 1},
		{"refuses and passes", report("bad"), "WRONG  case_fail  by path bad, by digest bad", 1},
		{"passes and fails", report("good") + "; exit 1", "WRONG  case_fail  by path good, by digest good", 1},
		{"refuses", report("bad") + "; exit 1", "ok     case_fail  by path bad, by digest bad", 0},
		{"refuses to start", "echo 'migrate: no' >&2; exit 2", "ok     case_fail  by path not judged: migrate: no", 0},
		{"talks nonsense", "echo nonsense", "", 2},
		{"talks of nothing", "echo '{}'", "", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSuite(t)
			s.add("case_fail", S{}, nil)
			fake := filepath.Join(t.TempDir(), "migrate")
			if err := os.WriteFile(fake, []byte("#!/bin/sh\n"+test.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			status, out, complaints := s.conformance("-migrate", fake)
			if status != test.status || !strings.HasPrefix(out, test.line) || (status == 2) != strings.Contains(complaints, "case case_fail by path: its report") {
				t.Errorf("exit status %d, complaints %q\n%s", status, complaints, out)
			}
		})
	}
}

// TestUnusable has what is no suite: nothing may look like a pass.
func TestUnusable(t *testing.T) {
	tests := []struct {
		name  string
		build func(*suite)
		args  []string
		want  string
	}{
		{"no cases", func(*suite) {}, nil, "no cases"},
		{"no such folder", func(s *suite) { s.dir += "/missing" }, nil, "no such file"},
		{"no bundle", func(s *suite) { s.write("half/artifact", artifact) }, nil, "case half: no bundle.sigstore.json"},
		{"no artifact", func(s *suite) {
			s.add("half", S{}, nil)
			if err := os.Remove(filepath.Join(s.dir, "a.txt")); err != nil {
				s.t.Fatal(err)
			}
		}, nil, "case half: no artifact, nor an a.txt"},
		{"no such case", func(s *suite) { s.add("one", S{}, nil) }, []string{"-wrong", "two"}, "-wrong two: the suite has no such case"},
		{"no program", func(s *suite) { s.add("one_fail", S{}, nil) }, []string{"-migrate", "/missing/program"}, "case one_fail by path: "},
		{"two suites", func(*suite) {}, []string{"another"}, "usage: conformance"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSuite(t)
			test.build(s)
			args := test.args
			if len(args) == 0 || args[0] != "-migrate" {
				args = append([]string{"-migrate", program}, args...)
			}
			status, out, complaints := s.conformance(args...)
			if status != 2 || !strings.Contains(complaints, test.want) || strings.Contains(out, "right") {
				t.Errorf("exit status %d, complaints %q\n%s", status, complaints, out)
			}
		})
	}
}

// TestCheckout has the cases where a checkout of the suite has them.
func TestCheckout(t *testing.T) {
	s := newSuite(t)
	checkout := s.dir
	s.dir = filepath.Join(s.dir, "test", "assets", "bundle-verify")
	s.write("a.txt", artifact)
	s.add("happy-path", S{}, nil)
	s.dir = checkout
	status, out, _ := s.conformance("-migrate", program)
	if status != 0 || !strings.HasPrefix(out, "ok     happy-path  by path good, by digest good\n1 cases, 2 runs: 2 right") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}
