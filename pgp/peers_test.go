package pgp

import (
	"bytes"
	"context"
	"crypto"
	_ "crypto/md5" // of old signatures
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// A peer is another program that verifies detached signatures. None knows who
// may sign what, so what they answer is whether they accept, and that only for
// the certificates they are given.
type peer struct {
	name     string
	measured string // how the version calls itself that the reasons for differences were found with
	version  []string
	binding  bool // whatever its version, a difference without reason is an error
	run      func(ctx context.Context, dir, keys, sig, data string) (answer string, accepts bool, err error)
}

var peers = []peer{
	{"gpgv", "gpgv (GnuPG) 2.2.40", []string{"--version"}, true, runGPGV},
	{"sqv", "sqv 1.5.0", []string{"--version"}, false, func(ctx context.Context, dir, keys, sig, data string) (string, bool, error) {
		return accepts(exec.CommandContext(ctx, "sqv", "--keyring", keys, sig, data), dir)
	}},
	{"gosop", "gosop 1.1.0", []string{"version"}, false, sop("gosop")},
	{"rsop", "rpgpie-sop 0.12.0", []string{"version"}, false, sop("rsop")},
}

// sop runs an implementation of the Stateless OpenPGP interface.
func sop(name string) func(ctx context.Context, dir, keys, sig, data string) (string, bool, error) {
	return func(ctx context.Context, dir, keys, sig, data string) (string, bool, error) {
		f, err := os.Open(data)
		if err != nil {
			return "", false, err
		}
		defer f.Close()
		cmd := exec.CommandContext(ctx, name, "verify", sig, keys)
		cmd.Stdin = f
		return accepts(cmd, dir)
	}
}

// accepts runs a peer that tells good from not good by its exit status, and
// names the signer if it is good.
func accepts(cmd *exec.Cmd, dir string) (string, bool, error) {
	out, err := output(cmd, dir)
	if err != nil {
		return "", false, err
	}
	if cmd.ProcessState.ExitCode() == 0 && len(bytes.TrimSpace(out)) > 0 {
		return "accepts", true, nil
	}
	return "refuses", false, nil
}

// runGPGV goes by gpgv's status lines: its exit status is 0 for expired and
// revoked keys as well.
func runGPGV(ctx context.Context, dir, keys, sig, data string) (string, bool, error) {
	out, err := output(exec.CommandContext(ctx, "gpgv", "--homedir", dir, "--status-fd", "1", "--keyring", keys, sig, data), dir)
	if err != nil {
		return "", false, err
	}
	for _, word := range []string{"BADSIG", "EXPSIG", "REVKEYSIG", "EXPKEYSIG", "GOODSIG", "NO_PUBKEY", "ERRSIG", "NODATA"} {
		if strings.Contains(string(out), "[GNUPG:] "+word+" ") {
			// Exactly one line speaks of a good signature, or it is not one.
			return word, word == "GOODSIG" && strings.Contains(string(out), "[GNUPG:] VALIDSIG "), nil
		}
	}
	return "-", false, nil
}

// output runs a command in a home of its own and in no other environment. That
// it fails is an answer.
func output(cmd *exec.Cmd, home string) ([]byte, error) {
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if _, failed := err.(*exec.ExitError); failed {
		err = nil
	}
	return out, err
}

// A row is one case that this program and its peers are asked about.
type row struct {
	name    string
	ring    []*testCert
	asc     []byte // nil: there is no file
	signers []Fingerprint
	status  Status
	reason  Reason
	gpgv    string            // the status line that gpgv gives
	differs map[string]string // by peer: why it accepts what we do not, or the reverse
}

// The reasons why a peer refuses what we accept. There are no others: to accept
// what another program refuses needs a better reason than that it is stricter.
const (
	today    = "it asks whether the key is good now, not whether it was when it signed"
	selfSigs = "it wants a self-signature as old as the signature, which a refreshed copy does not have"
	unmerged = "it does not merge copies of a key, and looks at the first only"
	noV6     = "it is older than version 6 (RFC 9580)"
	spoiled  = "a certificate that claims the key spoils its answer for the whole ring"
)

var weAccept = []string{today, selfSigs, unmerged, noV6, spoiled}

// The reasons why a peer accepts what we do not.
const (
	weakIsFine   = "it takes what is weak for good"
	textIsFine   = "it takes a signature over text, which fits other bytes too, for one over the bytes"
	extended     = "it goes by the newest self-signature, which came when the key had expired"
	tomorrow     = "it does not ask whether the signature is from the future"
	ignoresEnd   = "it does not ask whether the signature has expired"
	anyUser      = "it needs no user ID that is not revoked"
	cannotRead   = "it passes over a revocation that it cannot read"
	anybody      = "it knows no roles: whoever is in the ring is accepted"
	olderPackets = "it still takes version 3"
	anyArmor     = "it takes the signature out of a clear-signed text"
)

// TestPeers puts this program's answer beside those of other programs, for a
// case of every status. -v prints the table.
func TestPeers(t *testing.T) {
	rows := peerRows(t)
	for s := range Status(len(statusNames)) {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.status == s }) {
			t.Errorf("no row for %s", s)
		}
	}
	comparePeers(t, rows)
}

// comparePeers asks this program and every peer that is installed about the
// rows. Where they differ the reason is in the row, and a difference that is
// not there is an error, unless the peer is of a version that nobody has looked
// into.
func comparePeers(t *testing.T, rows []row) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write(t, data, []byte(message))
	keys := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%d.keys", i)) }
	sig := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%d.sig", i)) }
	accepted := make([]bool, len(rows)) // by us
	table := make([][]string, len(rows))
	for i, r := range rows {
		var ring []byte
		for _, c := range r.ring {
			ring = append(ring, c.packets...)
		}
		write(t, keys(i), ring)
		k := NewKeyring()
		if _, _, err := k.Add("ring", ring); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		var got Result
		if r.asc == nil {
			got = k.Verify(nil, nil, Policy{})
		} else {
			write(t, sig(i), r.asc)
			got = verify(k, r.asc, r.signers...)
		}
		if got.Status != r.status || got.Reason != r.reason {
			t.Errorf("%s: %s %s, want %s %s\n%+v", r.name, got.Status, got.Reason, r.status, r.reason, got)
		}
		accepted[i] = got.Status == Good || got.Status == GoodRefreshed
		table[i] = []string{r.name, strings.TrimSpace(fmt.Sprintf("%s %s", got.Status, got.Reason))}
	}

	heads := []string{"case", "migrate"}
	differences := map[string][]string{} // names of rows by peer and reason
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			exact := p.find(t)
			heads = append(heads, p.name)
			complain, unexplained := t.Errorf, 0
			if !exact && !p.binding {
				complain = t.Logf
			}
			for i, r := range rows {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				answer, accepts, err := p.run(ctx, dir, keys(i), sig(i), data)
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				table[i] = append(table[i], answer)
				why := r.differs[p.name]
				if accepts != accepted[i] {
					key := fmt.Sprintf("%s: %s", p.name, why)
					differences[key] = append(differences[key], r.name)
				}
				switch {
				case accepts != accepted[i] && why == "":
					complain("%s: %s, we %s, and no reason is given", r.name, answer, r.status)
					unexplained++
				case accepts != accepted[i] && accepted[i] != slices.Contains(weAccept, why):
					t.Errorf("%s: %s, we %s, which is no difference of that kind: %s", r.name, answer, r.status, why)
				case accepts == accepted[i] && why != "" && exact:
					t.Errorf("%s: %s, which is no difference any more", r.name, answer)
				}
				if p.name == "gpgv" && exact && answer != r.gpgv {
					t.Errorf("%s: %s, want %s", r.name, answer, r.gpgv)
				}
			}
			if unexplained > 0 && !exact && !p.binding {
				t.Skipf("%d differences from a version of %s that was not looked into", unexplained, p.name)
			}
		})
	}

	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(heads, "\t"))
	for _, cells := range table {
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	w.Flush()
	b.WriteString("\nDifferences:\n")
	for _, key := range slices.Sorted(maps.Keys(differences)) {
		fmt.Fprintf(&b, "%s (%s)\n", key, strings.Join(differences[key], "; "))
	}
	t.Log("\n" + b.String())
}

// find skips the test if the peer is not installed, and reports whether it has
// the version that was measured.
func (p peer) find(t *testing.T) (exact bool) {
	t.Helper()
	path, err := exec.LookPath(p.name)
	if err != nil {
		t.Skipf("%s is not installed", p.name)
	}
	out, err := exec.Command(path, p.version...).Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	exact = first == p.measured || strings.HasPrefix(first, p.measured+" ")
	if !exact {
		t.Logf("this is %s; measured was %s", first, p.measured)
	}
	return exact
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// peerRows is VERIFICATION's table of statuses, with one case or more for each.
// The peers read the clock, so no answer depends on it between 2025 and 2099.
func peerRows(t *testing.T) []row {
	key, sub := newKey(t, eddsa, y2018), asSubkey(newKey(t, eddsa, y2018))
	rsaKey, weakRSA, dsaKey := newKey(t, rsa2048, y2018), newKey(t, rsa1024, y2018), newKey(t, dsa1024, y2018)
	p256Key := newKey(t, p256, y2018)
	six := simpleCert(t, version6, "Six")
	named := func() *testCert { return newCert(t, key).user("Signer <signer@example.org>") }
	plain := named().self(y2018, certifyAndSign)
	withSub := func() *testCert { return plain.clone().subkey(sub) }
	of := func(k *packet.PrivateKey) *testCert {
		return newCert(t, k).user("Signer <signer@example.org>").self(y2018, certifyAndSign)
	}
	other := simpleCert(t, eddsa, "Other <other@example.org>")
	made, madeBySub := sign(t, key, y2020), sign(t, sub, y2020)
	superseded, retired, compromised := reason(packet.KeySuperseded), reason(packet.KeyRetired), reason(packet.KeyCompromised)
	one := func(c *testCert) []*testCert { return []*testCert{c} }
	future := date(2100)

	return []row{
		{name: "good", ring: one(plain), asc: made, status: Good, gpgv: "GOODSIG"},
		{name: "good, armored", ring: one(plain), asc: armored(t, "PGP SIGNATURE", made), status: Good, gpgv: "GOODSIG"},
		{name: "good, SHA-256", ring: one(plain), asc: sign(t, key, y2020, hashed(crypto.SHA256)), status: Good, gpgv: "GOODSIG"},
		{name: "good, RSA-2048", ring: one(of(rsaKey)), asc: sign(t, rsaKey, y2020), status: Good, gpgv: "GOODSIG"},
		{name: "good, P-256", ring: one(of(p256Key)), asc: sign(t, p256Key, y2020), status: Good, gpgv: "GOODSIG"},
		{name: "good, version 6", ring: one(six), asc: sign(t, six.key, y2020), status: Good, gpgv: "NODATA", differs: map[string]string{"gpgv": noV6}},
		{name: "good, by a subkey", ring: one(withSub().bind(sub, true, y2019, signOnly)), asc: madeBySub, status: Good, gpgv: "GOODSIG"},
		{name: "good, among others", ring: []*testCert{other, plain}, asc: made, status: Good, gpgv: "GOODSIG"},
		{name: "good, with a notation", ring: one(plain), asc: sign(t, key, y2020, notation("a@example.org", false)), status: Good, gpgv: "GOODSIG"},
		{
			name: "good, key expired since", ring: one(named().self(y2018, certifyAndSign, keyLifetime(until(y2022)))),
			asc:    made,
			status: Good, gpgv: "EXPKEYSIG", differs: map[string]string{"gpgv": today},
		},
		{
			name: "good, subkey expired since", ring: one(withSub().bind(sub, true, y2018, signOnly, keyLifetime(until(y2021)))),
			asc:    madeBySub,
			status: Good, gpgv: "EXPKEYSIG", differs: map[string]string{"gpgv": today},
		},
		{
			name: "good, key extended in time", ring: one(named().self(y2018, certifyAndSign, keyLifetime(until(y2022))).self(y2021, certifyAndSign)),
			asc:    made,
			status: Good, gpgv: "GOODSIG",
		},
		{
			name: "good, key retired since", ring: one(newCert(t, key).revoke(y2022, retired).user("Signer").self(y2018, certifyAndSign)),
			asc:    made,
			status: Good, gpgv: "REVKEYSIG", differs: map[string]string{"gpgv": today},
		},
		{
			name: "good, key superseded since", ring: one(newCert(t, key).revoke(y2022, superseded).user("Signer").self(y2018, certifyAndSign)),
			asc:    made,
			status: Good, gpgv: "REVKEYSIG", differs: map[string]string{"gpgv": today},
		},
		{
			name: "good, subkey superseded since", ring: one(withSub().revokeSubkey(sub, y2021, superseded).bind(sub, true, y2018, signOnly)),
			asc:    madeBySub,
			status: Good, gpgv: "REVKEYSIG", differs: map[string]string{"gpgv": today},
		},

		{
			name: "refreshed", ring: one(named().self(y2022, certifyAndSign)),
			asc:    made,
			status: GoodRefreshed, gpgv: "GOODSIG", differs: map[string]string{"sqv": selfSigs, "gosop": selfSigs},
		},
		{
			name: "subkey refreshed", ring: one(withSub().bind(sub, true, y2022, signOnly)),
			asc:    madeBySub,
			status: GoodRefreshed, gpgv: "GOODSIG", differs: map[string]string{"sqv": selfSigs, "gosop": selfSigs},
		},
		{
			name: "refreshed, old copy beside it", ring: []*testCert{named().self(y2022, certifyAndSign), plain},
			asc:    made,
			status: Good, gpgv: "GOODSIG", differs: map[string]string{"gosop": unmerged},
		},

		{
			name: "weak: SHA-1", ring: one(plain),
			asc:    sign(t, key, y2020, hashed(crypto.SHA1)),
			status: Weak, gpgv: "GOODSIG", differs: map[string]string{"gpgv": weakIsFine},
		},
		{
			name: "weak: DSA-1024", ring: one(of(dsaKey)),
			asc:    sign(t, dsaKey, y2020, hashed(crypto.SHA256)),
			status: Weak, gpgv: "GOODSIG", differs: map[string]string{"gpgv": weakIsFine, "rsop": weakIsFine},
		},
		{
			name: "weak: RSA-1024", ring: one(of(weakRSA)),
			asc:    sign(t, weakRSA, y2020),
			status: Weak, gpgv: "GOODSIG", differs: map[string]string{"gpgv": weakIsFine},
		},
		{
			name: "weak: no key flags", ring: one(named().self(y2018)),
			asc:    made,
			status: Weak, gpgv: "GOODSIG", differs: map[string]string{"gpgv": weakIsFine},
		},
		{
			name: "weak: text mode", ring: one(plain),
			asc:    sign(t, key, y2020, text),
			status: Weak, gpgv: "GOODSIG", differs: map[string]string{"gpgv": textIsFine, "sqv": textIsFine, "gosop": textIsFine, "rsop": textIsFine},
		},

		{name: "data changed", ring: one(plain), asc: signData(t, key, "something else", y2020), status: Bad, gpgv: "BADSIG"},
		{name: "date changed", ring: one(plain), asc: changed(made, createdAt(y2020), createdAt(y2021)), status: Bad, gpgv: "BADSIG"},
		{name: "number changed", ring: one(plain), asc: flipped(made, len(made)-3), status: Bad, gpgv: "BADSIG"},
		{
			name: "text passed off as bytes", ring: one(plain),
			asc:    changed(sign(t, key, y2020, text), []byte{4, 1, 22}, []byte{4, 0, 22}),
			status: Bad, gpgv: "BADSIG",
		},

		{
			name: "compromised since", ring: one(newCert(t, key).revoke(y2023, compromised).user("Signer").self(y2018, certifyAndSign)),
			asc:    made,
			status: Rejected, reason: KeyRevoked, gpgv: "REVKEYSIG",
		},
		{
			name: "revoked for no reason since", ring: one(newCert(t, key).revoke(y2023).user("Signer").self(y2018, certifyAndSign)),
			asc:    made,
			status: Rejected, reason: KeyRevoked, gpgv: "REVKEYSIG",
		},
		{
			name: "retired before", ring: one(newCert(t, key).revoke(y2019, retired).user("Signer").self(y2018, certifyAndSign)),
			asc:    made,
			status: Rejected, reason: KeyRevoked, gpgv: "REVKEYSIG",
		},
		{
			name: "subkey compromised since", ring: one(withSub().revokeSubkey(sub, y2023, compromised).bind(sub, true, y2019, signOnly)),
			asc:    madeBySub,
			status: Rejected, reason: KeyRevoked, gpgv: "REVKEYSIG",
		},
		{
			name: "refreshed, compromised since", ring: one(newCert(t, key).revoke(y2023, compromised).user("Signer").self(y2022, certifyAndSign)),
			asc:    made,
			status: Rejected, reason: KeyRevoked, gpgv: "REVKEYSIG",
		},
		{
			name: "expired at signing", ring: one(named().self(y2018, certifyAndSign, keyLifetime(until(y2019))).self(y2021, certifyAndSign, keyLifetime(until(y2019)))),
			asc:    made,
			status: Rejected, reason: KeyExpired, gpgv: "EXPKEYSIG",
		},
		{
			name: "subkey expired at signing", ring: one(withSub().bind(sub, true, y2018, signOnly, keyLifetime(until(y2019))).bind(sub, true, y2021, signOnly, keyLifetime(until(y2019)))),
			asc:    madeBySub,
			status: Rejected, reason: KeyExpired, gpgv: "EXPKEYSIG",
		},
		{
			name: "expired at signing, extended afterwards", ring: one(named().self(y2018, certifyAndSign, keyLifetime(until(y2019))).self(y2021, certifyAndSign)),
			asc:    made,
			status: Rejected, reason: KeyExpired, gpgv: "GOODSIG", differs: map[string]string{"gpgv": extended},
		},
		{
			name: "signature expired", ring: one(plain),
			asc:    sign(t, key, y2020, sigLifetime(86400)),
			status: Rejected, reason: SignatureExpired, gpgv: "EXPSIG", differs: map[string]string{"rsop": ignoresEnd},
		},
		{
			name: "from the future", ring: one(plain),
			asc:    sign(t, key, future),
			status: Rejected, reason: FromFuture, gpgv: "GOODSIG", differs: map[string]string{"gpgv": tomorrow},
		},
		{name: "older than its key", ring: one(plain), asc: sign(t, key, y2017), status: Rejected, reason: OlderThanKey, gpgv: "ERRSIG"},
		{
			name: "critical notation", ring: one(plain),
			asc:    sign(t, key, y2020, notation("a@example.org", true)),
			status: Rejected, reason: CriticalNotation, gpgv: "BADSIG",
		},
		{name: "critical subpacket", ring: one(plain), asc: criticalSubpacket(made), status: Unsupported, reason: CriticalSubpacket, gpgv: "BADSIG"},
		{name: "certify-only key", ring: one(named().self(y2018, certifyOnly)), asc: made, status: Rejected, reason: WrongUsage, gpgv: "ERRSIG"},
		{
			name: "encryption subkey", ring: one(withSub().bind(sub, false, y2019, encryptOnly)),
			asc:    madeBySub,
			status: Rejected, reason: WrongUsage, gpgv: "ERRSIG",
		},
		{name: "a certification", ring: one(plain), asc: certification(t, key), status: Rejected, reason: WrongUsage, gpgv: "ERRSIG"},
		{
			name: "no back-signature", ring: one(withSub().bind(sub, false, y2019, signOnly)),
			asc:    madeBySub,
			status: Rejected, reason: UnboundKey, gpgv: "ERRSIG",
		},
		{name: "no binding", ring: one(withSub()), asc: madeBySub, status: Rejected, reason: UnboundKey, gpgv: "ERRSIG"},
		{
			name: "user ID revoked", ring: one(named().self(y2018, certifyAndSign).certify(key, packet.SigTypeCertificationRevocation, y2019)),
			asc:    made,
			status: Rejected, reason: UnboundKey, gpgv: "GOODSIG", differs: map[string]string{"gpgv": anyUser, "sqv": anyUser},
		},

		{
			name: "stale copy of the key", ring: one(named().self(y2018, certifyAndSign, keyLifetime(until(y2019)))),
			asc:    made,
			status: Unchecked, reason: StaleKey, gpgv: "EXPKEYSIG",
		},
		{
			name: "unreadable revocation", ring: one(plain.clone().unreadable("MD5", func(c *testCert) { c.revoke(y2023) })),
			asc:    made,
			status: Unchecked, reason: UnreadableRevocation, gpgv: "GOODSIG", differs: map[string]string{"gpgv": cannotRead, "sqv": cannotRead, "gosop": cannotRead, "rsop": cannotRead},
		},

		{
			name: "not the signer wanted", ring: []*testCert{plain, other},
			asc: made, signers: []Fingerprint{other.fingerprint()},
			status: WrongSigner, gpgv: "GOODSIG", differs: map[string]string{"gpgv": anybody, "sqv": anybody, "gosop": anybody, "rsop": anybody},
		},
		{name: "unknown key", ring: one(other), asc: made, status: UnknownKey, gpgv: "NO_PUBKEY"},

		{
			name: "version 3, SHA-1", ring: one(of(rsaKey)),
			asc:    signVersion3(t, rsaKey, crypto.SHA1, 2),
			status: Unsupported, reason: OldVersion, gpgv: "GOODSIG", differs: map[string]string{"gpgv": olderPackets},
		},
		{
			name: "version 3, MD5", ring: one(of(rsaKey)),
			asc:    signVersion3(t, rsaKey, crypto.MD5, 1),
			status: Unsupported, reason: OldVersion, gpgv: "ERRSIG",
		},
		{
			name: "unknown algorithm", ring: one(plain),
			asc:    changed(made, []byte{4, 0, 22, 10}, []byte{4, 0, 99, 10}),
			status: Unsupported, reason: UnknownAlgorithm, gpgv: "ERRSIG",
		},

		{name: "empty", ring: one(plain), asc: []byte{}, status: Malformed, reason: Empty, gpgv: "NODATA"},
		{
			name: "a web page", ring: one(plain),
			asc:    []byte("<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"),
			status: Malformed, reason: HTML, gpgv: "NODATA",
		},
		{
			name: "clear-signed", ring: one(of(rsaKey)),
			asc:    clearSigned(t, rsaKey),
			status: Malformed, reason: ClearSigned, gpgv: "-", differs: map[string]string{"sqv": anyArmor},
		},
		{name: "a key block", ring: one(plain), asc: armored(t, "PGP PUBLIC KEY BLOCK", plain.packets), status: Malformed, reason: KeyBlock, gpgv: "-"},
		{name: "cut off", ring: one(plain), asc: made[:len(made)-20], status: Malformed, reason: BadPacket, gpgv: "NODATA"},
		{name: "no file", ring: one(plain), status: Missing, gpgv: "-"},
	}
}

// signVersion3 makes a version 3 RSA signature over the message: what old
// PGP programs made (RFC 9580, section 5.2.2), and go-crypto does not.
func signVersion3(t *testing.T, by *packet.PrivateKey, hash crypto.Hash, id byte) []byte {
	t.Helper()
	tail := binary.BigEndian.AppendUint32([]byte{byte(packet.SigTypeBinary)}, uint32(y2020.Unix()))
	h := hash.New()
	io.WriteString(h, message)
	h.Write(tail)
	digest := h.Sum(nil)
	number, err := rsa.SignPKCS1v15(rand.Reader, by.PrivateKey.(*rsa.PrivateKey), hash, digest)
	if err != nil {
		t.Fatal(err)
	}
	number = bytes.TrimLeft(number, "\x00")
	body := append([]byte{3, byte(len(tail))}, tail...)
	body = binary.BigEndian.AppendUint64(body, by.KeyId)
	body = append(body, byte(packet.PubKeyAlgoRSA), id, digest[0], digest[1])
	body = binary.BigEndian.AppendUint16(body, uint16(8*len(number)-bits.LeadingZeros8(number[0])))
	body = append(body, number...)
	var b bytes.Buffer
	if err := (&packet.OpaquePacket{Tag: 2, Contents: body}).Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// clearSigned is the message as a clear-signed text.
func clearSigned(t *testing.T, by *packet.PrivateKey) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := clearsign.Encode(&b, by, &packet.Config{Time: func() time.Time { return y2020 }})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, message)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
