package pgp

import (
	"crypto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// TestGPGV compares with gpgv where it is installed. Its exit status says
// little, so its status lines are compared, and only where its answer does not
// depend on the time of day.
func TestGPGV(t *testing.T) {
	gpgv, err := exec.LookPath("gpgv")
	if err != nil {
		t.Skip("gpgv is not installed")
	}
	key, sub := newKey(t, p256, y2018), newKey(t, p256, y2018)
	named := func() *testCert { return newCert(t, key).user("Signer") }
	plain := named().self(y2018, certifyAndSign)
	tests := []struct {
		name   string
		cert   *testCert
		asc    []byte
		gpgv   string // status keyword
		status Status
	}{
		{"good", plain, sign(t, key, y2020), "GOODSIG", Good},
		{"text", plain, sign(t, key, y2020, text), "GOODSIG", Weak},
		{"SHA-256", plain, sign(t, key, y2020, hashed(crypto.SHA256)), "GOODSIG", Good},
		{"subkey", plain.clone().subkey(sub).bind(sub, true, y2019, signOnly), sign(t, sub, y2020), "GOODSIG", Good},
		{"refreshed", named().self(y2022, certifyAndSign), sign(t, key, y2020), "GOODSIG", GoodRefreshed},
		{"expired since", named().self(y2018, certifyAndSign, keyLifetime(until(y2022))), sign(t, key, y2020), "EXPKEYSIG", Good},
		{"revoked", newCert(t, key).revoke(y2019, reason(packet.KeyCompromised)).user("Signer").self(y2018, certifyAndSign), sign(t, key, y2020), "REVKEYSIG", Rejected},
		{"signature expired", plain, sign(t, key, y2020, sigLifetime(1)), "EXPSIG", Rejected},
		{"bad", plain, signData(t, key, "x", y2020), "BADSIG", Bad},
		{"unknown", simpleCert(t, p256, "Other"), sign(t, key, y2020), "NO_PUBKEY", UnknownKey},
		{"no back-signature", plain.clone().subkey(sub).bind(sub, false, y2019, signOnly), sign(t, sub, y2020), "ERRSIG", Rejected},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name string, data []byte) string {
				file := filepath.Join(dir, name)
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
				return file
			}
			cmd := exec.Command(gpgv, "--homedir", dir, "--status-fd", "1", "--keyring", write("key.gpg", test.cert.packets),
				write("sig", test.asc), write("data", []byte(message)))
			out, _ := cmd.Output()
			if !strings.Contains(string(out), "[GNUPG:] "+test.gpgv) {
				t.Errorf("gpgv says\n%s", out)
			}
			if r := verify(ring(t, test.cert), test.asc); r.Status != test.status {
				t.Errorf("got %+v", r)
			}
		})
	}
}
