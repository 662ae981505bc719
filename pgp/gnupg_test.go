package pgp

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gnupg is a GnuPG of its own, with a clock that can be set.
type gnupg struct {
	t    *testing.T
	home string
}

func newGnuPG(t *testing.T) gnupg {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("gpg is not installed")
	}
	// Not t.TempDir: the agent's socket needs a short path.
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd := exec.Command("gpgconf", "--homedir", home, "--kill", "all") // the agent of this home
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s: %v\n%s", cmd, err, out)
		}
		os.RemoveAll(home)
	})
	return gnupg{t, home}
}

// at runs gpg at the given time and returns what it writes.
func (g gnupg) at(when time.Time, input string, args ...string) []byte {
	g.t.Helper()
	args = append([]string{
		"--homedir", g.home, "--batch", "--yes", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
		"--faked-system-time", when.UTC().Format("20060102T150405") + "!",
	}, args...)
	cmd := exec.Command("gpg", args...)
	cmd.Env = []string{"HOME=" + g.home, "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = strings.NewReader(input)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("gpg %s: %v\n%s", strings.Join(args, " "), err, complaints.Bytes())
	}
	return out.Bytes()
}

// key makes a key in 2018 that expires after so long, and returns its user ID.
func (g gnupg) key(name, algorithm, expires string) string {
	g.t.Helper()
	id := name + " <" + name + "@example.org>"
	g.at(y2018, "", "--quick-generate-key", id, algorithm, "cert,sign", expires)
	return "=" + id
}

func (g gnupg) fingerprint(id string) string {
	g.t.Helper()
	for line := range strings.Lines(string(g.at(y2018, "", "--with-colons", "--list-keys", id))) {
		if f := strings.Split(line, ":"); f[0] == "fpr" {
			return f[9]
		}
	}
	g.t.Fatalf("%s has no key", id)
	return ""
}

// sign signs the message in 2020.
func (g gnupg) sign(id string, args ...string) []byte {
	g.t.Helper()
	return g.at(y2020, message, append(append([]string{"--local-user", id}, args...), "--detach-sign", "--output", "-")...)
}

func (g gnupg) export(id string) *testCert {
	g.t.Helper()
	return &testCert{t: g.t, packets: g.at(y2020, "", "--export-options", "export-minimal", "--export", id)}
}

// TestPeersGnuPG has keys and signatures made by GnuPG at another time: what
// go-crypto makes and reads in the other tests might be wrong in the same way.
func TestPeersGnuPG(t *testing.T) {
	g := newGnuPG(t)
	plain := g.key("plain", "ed25519", "never")
	rsa2048, rsa1024, dsa1024 := g.key("rsa", "rsa2048", "never"), g.key("rsa-1024", "rsa1024", "never"), g.key("dsa", "dsa1024", "never")
	expiring := g.key("expiring", "ed25519", "2022-01-01")
	subbed := g.key("subbed", "ed25519", "never")
	g.at(y2018, "", "--quick-add-key", g.fingerprint(subbed), "ed25519", "sign", "never")
	refreshed := g.key("refreshed", "ed25519", "2021-01-01")
	revoked := g.key("revoked", "ed25519", "never")

	var rows []row
	add := func(name, id string, asc []byte, status Status, reason Reason, gpgv string, differs map[string]string) {
		rows = append(rows, row{name: name, ring: []*testCert{g.export(id)}, asc: asc, status: status, reason: reason, gpgv: gpgv, differs: differs})
	}
	gpgvOnly := func(why string) map[string]string { return map[string]string{"gpgv": why} }
	all := func(why string) map[string]string {
		return map[string]string{"gpgv": why, "sqv": why, "gosop": why, "rsop": why}
	}
	add("Ed25519", plain, g.sign(plain), Good, "", "GOODSIG", nil)
	add("Ed25519, armored", plain, g.sign(plain, "--armor"), Good, "", "GOODSIG", nil)
	add("RSA-2048", rsa2048, g.sign(rsa2048), Good, "", "GOODSIG", nil)
	add("by a subkey", subbed, g.sign(subbed), Good, "", "GOODSIG", nil)
	add("notation", plain, g.sign(plain, "--sig-notation", "a@example.org=x"), Good, "", "GOODSIG", nil)
	add("key expired since", expiring, g.sign(expiring), Good, "", "EXPKEYSIG", gpgvOnly(today))
	add("SHA-1", plain, g.sign(plain, "--digest-algo", "SHA1"), Weak, "", "GOODSIG", gpgvOnly(weakIsFine))
	add("RSA-1024", rsa1024, g.sign(rsa1024), Weak, "", "GOODSIG", gpgvOnly(weakIsFine))
	add("DSA-1024", dsa1024, g.sign(dsa1024), Weak, "", "GOODSIG", gpgvOnly(weakIsFine))
	add("text mode", plain, g.sign(plain, "--textmode"), Weak, "", "GOODSIG", all(textIsFine))
	add("critical notation", plain, g.sign(plain, "--sig-notation", "!a@example.org=x"), Rejected, CriticalNotation, "BADSIG", nil)
	add("signature expired", plain, g.sign(plain, "--default-sig-expire", "1d"), Rejected, SignatureExpired, "EXPSIG", map[string]string{"rsop": ignoresEnd})
	add("of other bytes", plain, g.at(y2020, "something else", "--local-user", plain, "--detach-sign", "--output", "-"), Bad, "", "BADSIG", nil)
	add("unknown key", rsa2048, g.sign(plain), UnknownKey, "", "NO_PUBKEY", nil)

	// The owner extends the key, which replaces the self-signature: in a copy
	// fetched afterwards nothing is as old as the signature.
	asc := g.sign(refreshed)
	add("before the refresh", refreshed, asc, Good, "", "EXPKEYSIG", gpgvOnly(today))
	g.at(y2020.AddDate(0, 1, 0), "", "--quick-set-expire", g.fingerprint(refreshed), "0")
	add("refreshed", refreshed, asc, GoodRefreshed, "", "GOODSIG", map[string]string{"sqv": selfSigs, "gosop": selfSigs})
	before, after := rows[len(rows)-2].ring[0], rows[len(rows)-1].ring[0]
	rows = append(rows, row{name: "both copies", ring: []*testCert{after, before}, asc: asc, status: Good, gpgv: "GOODSIG",
		differs: map[string]string{"gosop": unmerged}})

	// GnuPG makes a revocation for each key, and a colon to keep it from being
	// imported by mistake.
	asc = g.sign(revoked)
	revocation, err := os.ReadFile(filepath.Join(g.home, "openpgp-revocs.d", g.fingerprint(revoked)+".rev"))
	if err != nil {
		t.Fatal(err)
	}
	g.at(y2021, strings.Replace(string(revocation), ":-----BEGIN", "-----BEGIN", 1), "--import")
	add("revoked for no reason", revoked, asc, Rejected, KeyRevoked, "REVKEYSIG", nil)
	comparePeers(t, rows)
}
