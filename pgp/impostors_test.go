package pgp

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// seededKey returns the EdDSA key that follows from a name.
func seededKey(t testing.TB, name string, created time.Time) *packet.PrivateKey {
	t.Helper()
	e, err := v2.NewEntity(name, "", "", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA,
		Rand:      rand.NewChaCha8(sha256.Sum256([]byte(name))),
		Time:      func() time.Time { return created },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.PrivateKey
}

// withTime returns the key as one that was made at another time, which gives it
// another fingerprint and nothing else.
func withTime(t testing.TB, key *packet.PrivateKey, created time.Time) *packet.PrivateKey {
	t.Helper()
	body := serialize(t, &key.PublicKey)
	at := bytes.Index(body, binary.BigEndian.AppendUint32(nil, uint32(key.CreationTime.Unix())))
	binary.BigEndian.PutUint32(body[at:], uint32(created.Unix()))
	p, err := packet.Read(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	other := *key
	other.PublicKey = *p.(*packet.PublicKey)
	return &other
}

// collide returns two keys with the same 32-bit key ID, made in 2017. Anybody
// can have them: some 70,000 dates for each of two keys suffice.
func collide(t testing.TB, one, two string) (a, b *packet.PrivateKey) {
	t.Helper()
	const dates = 1 << 18
	first, second := seededKey(t, one, y2017), seededKey(t, two, y2017)
	seen := make(map[[4]byte]time.Time, dates)
	for at, id := range shortIDs(t, first, dates) {
		seen[id] = at
	}
	for at, id := range shortIDs(t, second, dates) {
		if other, ok := seen[id]; ok {
			a, b = withTime(t, first, other), withTime(t, second, at)
			if uint32(a.KeyId) != uint32(b.KeyId) || a.KeyId == b.KeyId {
				t.Fatalf("%X and %X do not collide", a.Fingerprint, b.Fingerprint)
			}
			return a, b
		}
	}
	t.Fatal("no collision")
	return nil, nil
}

// shortIDs are the 32-bit key IDs that the key has if it is made at its own
// time or up to so many seconds later (RFC 9580, section 5.5.4.2).
func shortIDs(t testing.TB, key *packet.PrivateKey, seconds uint32) iter.Seq2[time.Time, [4]byte] {
	var body bytes.Buffer
	if err := key.SerializeForHash(&body); err != nil {
		t.Fatal(err)
	}
	start := uint32(key.CreationTime.Unix())
	at := body.Bytes()[4:8] // behind 0x99, the length and the version
	if binary.BigEndian.Uint32(at) != start {
		t.Fatalf("no creation time in %x", body.Bytes())
	}
	return func(yield func(time.Time, [4]byte) bool) {
		for now := start; now < start+seconds; now++ {
			binary.BigEndian.PutUint32(at, now)
			sum := sha1.Sum(body.Bytes())
			if !yield(time.Unix(int64(now), 0), [4]byte(sum[16:])) {
				return
			}
		}
	}
}

// permutations returns every order of the certificates.
func permutations(certs []*testCert) [][]*testCert {
	if len(certs) < 2 {
		return [][]*testCert{certs}
	}
	var all [][]*testCert
	for i, c := range certs {
		for _, rest := range permutations(slices.Delete(slices.Clone(certs), i, i+1)) {
			all = append(all, append([]*testCert{c}, rest...))
		}
	}
	return all
}

// A cast is a victim, with a subkey, and those who pretend to be them.
type cast struct {
	victim, collider, adopter, thief *testCert
	subkey, collidingSubkey          *packet.PrivateKey
}

func newCast(t testing.TB) cast {
	t.Helper()
	const name = "Victim <victim@example.org>"
	var c cast
	key, colliding := collide(t, "victim", "collider")
	c.subkey, c.collidingSubkey = collide(t, "victim's subkey", "collider's subkey")
	c.subkey, c.collidingSubkey = asSubkey(c.subkey), asSubkey(c.collidingSubkey)

	c.victim = newCert(t, key).user(name).self(y2018, certifyAndSign).
		subkey(c.subkey).bind(c.subkey, true, y2018, signOnly)
	// Has the victim's name and 32-bit key IDs, of both keys.
	c.collider = newCert(t, colliding).user(name).self(y2018, certifyAndSign).
		subkey(c.collidingSubkey).bind(c.collidingSubkey, true, y2018, signOnly)
	// Takes both of the victim's keys for subkeys.
	c.adopter = newCert(t, seededKey(t, "adopter", y2017)).user(name).self(y2018, certifyAndSign).
		subkey(key).bind(key, false, y2018, signOnly).
		subkey(c.subkey).bind(c.subkey, false, y2018, signOnly)
	// Takes the subkey together with the back-signature it gave the victim.
	c.thief = newCert(t, seededKey(t, "thief", y2017)).user(name).self(y2018, certifyAndSign).subkey(c.subkey)
	s := newSignature(c.thief.key, packet.SigTypeSubkeyBinding, y2018, []option{signOnly})
	s.EmbeddedSignature = newSignature(c.subkey, packet.SigTypePrimaryKeyBinding, y2018, nil)
	if err := s.EmbeddedSignature.CrossSignKey(&c.subkey.PublicKey, &key.PublicKey, c.subkey, config); err != nil {
		t.Fatal(err)
	}
	c.thief.signSubkey(s, c.subkey)
	return c
}

// lie makes a signature by one key that names another as its issuer, in every
// place where it names one.
func lie(t testing.TB, by, as *packet.PrivateKey) []byte {
	t.Helper()
	liar := *by
	liar.Fingerprint, liar.KeyId = as.Fingerprint, as.KeyId
	asc := sign(t, &liar, y2020)
	p, err := packet.Read(bytes.NewReader(asc))
	if err != nil {
		t.Fatal(err)
	}
	if s := p.(*packet.Signature); *s.IssuerKeyId != as.KeyId || !bytes.Equal(s.IssuerFingerprint, as.Fingerprint) || bytes.Contains(asc, by.Fingerprint[12:]) {
		t.Fatalf("not a lie: %+v", s)
	}
	return asc
}

// TestImpostorsInAnyOrder has all impostors at once in one keyring, in every
// order: the victim's signatures are the victim's, the impostors' are never.
func TestImpostorsInAnyOrder(t *testing.T) {
	c := newCast(t)
	victim := c.victim.fingerprint()
	impostors := []Fingerprint{c.collider.fingerprint(), c.adopter.fingerprint(), c.thief.fingerprint()}
	type signed struct {
		name   string
		asc    []byte
		by     *testCert // whose certificate must be named
		key    *packet.PrivateKey
		status Status // where everybody is accepted
	}
	tests := []signed{
		{"the victim's key", sign(t, c.victim.key, y2020), c.victim, c.victim.key, Good},
		{"the victim's subkey", sign(t, c.subkey, y2020), c.victim, c.subkey, Good},
		{"the collider's key", sign(t, c.collider.key, y2020), c.collider, c.collider.key, Good},
		{"the collider's subkey", sign(t, c.collidingSubkey, y2020), c.collider, c.collidingSubkey, Good},
		{"the adopter's key", sign(t, c.adopter.key, y2020), c.adopter, c.adopter.key, Good},
		{"the thief's key", sign(t, c.thief.key, y2020), c.thief, c.thief.key, Good},
	}
	for _, by := range []*packet.PrivateKey{c.collider.key, c.collidingSubkey, c.adopter.key, c.thief.key} {
		for _, as := range []*packet.PrivateKey{c.victim.key, c.subkey} {
			tests = append(tests, signed{fmt.Sprintf("%X as %X", by.KeyId, as.KeyId), lie(t, by, as), nil, nil, Bad})
		}
	}
	// What the victim signed, ascribed to an impostor: nobody's.
	for _, as := range []*packet.PrivateKey{c.collider.key, c.adopter.key} {
		tests = append(tests, signed{fmt.Sprintf("the victim's key as %X", as.KeyId), lie(t, c.victim.key, as), nil, nil, Bad})
	}

	orders := permutations([]*testCert{c.victim, c.collider, c.adopter, c.thief})
	if len(orders) != 24 {
		t.Fatalf("%d orders", len(orders))
	}
	for n, order := range orders {
		each := ring(t, order...)
		var all []byte
		for _, cert := range order {
			all = append(all, cert.packets...)
		}
		one := NewKeyring()
		if added, skipped, err := one.Add("all", all); err != nil || len(skipped) > 0 || len(added) != 4 {
			t.Fatalf("%v, %v, %v", added, skipped, err)
		}
		for i, test := range tests {
			k := one
			if (n+i)%2 == 0 { // as a file of each
				k = each
			}
			for who, signers := range map[string][]Fingerprint{"anybody": nil, "the victim": {victim}, "the impostors": impostors} {
				want := test.status
				if want == Good && signers != nil && !slices.Contains(signers, test.by.fingerprint()) {
					want = WrongSigner
				}
				r := verify(k, test.asc, signers...)
				if r.Status != want {
					t.Fatalf("%s, accepted %s: %+v", test.name, who, r)
				}
				if test.by == nil {
					if r.Certificate != "" || r.SigningKey != "" || r.UserID != "" {
						t.Fatalf("%s, accepted %s: a signer is named: %+v", test.name, who, r)
					}
				} else if r.Certificate != test.by.fingerprint() || r.SigningKey != fingerprint(&test.key.PublicKey) {
					t.Fatalf("%s, accepted %s: %+v", test.name, who, r)
				}
			}
		}
	}

	// Without the victim's certificate nobody can pass its signatures off.
	for _, order := range permutations([]*testCert{c.collider, c.adopter, c.thief}) {
		k := ring(t, order...)
		for _, asc := range [][]byte{tests[0].asc, tests[1].asc} {
			r := verify(k, asc)
			if r.Status != Rejected || r.Reason != UnboundKey || r.Certificate != "" || r.UserID != "" {
				t.Errorf("without the victim: %+v", r)
			}
		}
		k = ring(t, c.collider)
		for _, asc := range [][]byte{tests[0].asc, tests[1].asc} {
			if r := verify(k, asc); r.Status != UnknownKey {
				t.Errorf("with the collider alone: %+v", r)
			}
		}
	}
}

// TestSharedSubkey: a subkey that has confirmed two certificates belongs to
// both, and the one that is wanted is named.
func TestSharedSubkey(t *testing.T) {
	shared := asSubkey(seededKey(t, "shared", y2017))
	cert := func(name string) *testCert {
		return newCert(t, seededKey(t, name, y2017)).user(name).self(y2018, certifyAndSign).subkey(shared).bind(shared, true, y2018, signOnly)
	}
	one, two := cert("One"), cert("Two")
	asc := sign(t, shared, y2020)
	for _, order := range permutations([]*testCert{one, two}) {
		for _, wanted := range order {
			if r := verify(ring(t, order...), asc, wanted.fingerprint()); r.Status != Good || r.Certificate != wanted.fingerprint() || r.UserID != wanted.name {
				t.Errorf("%s: %+v", wanted.name, r)
			}
		}
		if r := verify(ring(t, order...), asc, "stranger"); r.Status != WrongSigner {
			t.Errorf("%+v", r)
		}
	}
}

// TestPeersImpostors puts the peers' answers beside ours where impostors stand
// in the keyring.
func TestPeersImpostors(t *testing.T) {
	c := newCast(t)
	byKey, bySubkey := sign(t, c.victim.key, y2020), sign(t, c.subkey, y2020)
	victim := []Fingerprint{c.victim.fingerprint()}
	spoils := map[string]string{"gpgv": spoiled, "gosop": spoiled}
	noRoles := map[string]string{"gpgv": anybody, "sqv": anybody, "gosop": anybody, "rsop": anybody}

	var rows []row
	for _, impostor := range []struct {
		name        string
		cert        *testCert
		key, subkey bool // of the victim's, which it claims
	}{
		{"collider", c.collider, false, false},
		{"adopter", c.adopter, true, true},
		{"thief", c.thief, false, true},
	} {
		for _, place := range []string{"first", "last"} {
			ring := []*testCert{impostor.cert, c.victim}
			if place == "last" {
				slices.Reverse(ring)
			}
			add := func(what string, asc []byte, status Status, gpgv string, differs map[string]string) {
				rows = append(rows, row{name: fmt.Sprintf("%s %s, %s", impostor.name, place, what),
					ring: ring, asc: asc, signers: victim, status: status, gpgv: gpgv, differs: differs})
			}
			for what, claimed := range map[string]bool{"victim's key": impostor.key, "victim's subkey": impostor.subkey} {
				asc := map[string][]byte{"victim's key": byKey, "victim's subkey": bySubkey}[what]
				if claimed && place == "first" {
					add(what, asc, Good, "ERRSIG", spoils)
				} else {
					add(what, asc, Good, "GOODSIG", nil)
				}
			}
			add("its own key", sign(t, impostor.cert.key, y2020), WrongSigner, "GOODSIG", noRoles)
			add("its own key as the victim's", lie(t, impostor.cert.key, c.victim.key), Bad, "BADSIG", nil)
		}
		alone := func(what string, asc []byte, claimed bool) {
			r := row{name: impostor.name + " alone, " + what, ring: []*testCert{impostor.cert}, asc: asc, status: UnknownKey, gpgv: "NO_PUBKEY"}
			if claimed {
				r.status, r.reason, r.gpgv = Rejected, UnboundKey, "ERRSIG"
			}
			rows = append(rows, r)
		}
		alone("victim's key", byKey, impostor.key)
		alone("victim's subkey", bySubkey, impostor.subkey)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	comparePeers(t, rows)
}
