package pgp

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 the release managers' oldest keys are DSA keys
	"crypto/rand"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// The dates of the tests. Keys are made in 2018, sign in 2020 and are looked at
// in 2024, unless a test says otherwise.
var (
	y2017 = date(2017)
	y2018 = date(2018)
	y2019 = date(2019)
	y2020 = date(2020)
	y2021 = date(2021)
	y2022 = date(2022)
	y2023 = date(2023)
	y2024 = date(2024)
	y2025 = date(2025)
)

func date(year int) time.Time { return time.Date(year, 6, 1, 12, 0, 0, 0, time.UTC) }

// until returns a key's lifetime if it is made in 2018 and expires then.
func until(t time.Time) uint32 { return uint32(t.Sub(y2018) / time.Second) }

// A kind is an algorithm to make a key of.
type kind struct {
	algorithm packet.PublicKeyAlgorithm
	curve     packet.Curve
	bits      int
	v6        bool
}

var (
	ed25519   = kind{algorithm: packet.PubKeyAlgoEd25519}
	eddsa     = kind{algorithm: packet.PubKeyAlgoEdDSA}
	p256      = kind{algorithm: packet.PubKeyAlgoECDSA, curve: packet.CurveNistP256}
	secp256k1 = kind{algorithm: packet.PubKeyAlgoECDSA, curve: packet.CurveSecP256k1}
	rsa1024   = kind{algorithm: packet.PubKeyAlgoRSA, bits: 1024}
	rsa2048   = kind{algorithm: packet.PubKeyAlgoRSA, bits: 2048}
	dsa1024   = kind{algorithm: packet.PubKeyAlgoDSA}
	version6  = kind{algorithm: packet.PubKeyAlgoEd25519, v6: true}
)

// newKey makes a key pair.
func newKey(t testing.TB, k kind, created time.Time) *packet.PrivateKey {
	t.Helper()
	if k.algorithm == packet.PubKeyAlgoDSA {
		return newDSAKey(t, created)
	}
	e, err := v2.NewEntity("unused", "", "", &packet.Config{
		Algorithm: k.algorithm, Curve: k.curve, RSABits: k.bits, V6Keys: k.v6,
		MinRSABits: 1, Time: func() time.Time { return created },
		RejectCurves: map[packet.Curve]bool{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.PrivateKey
}

// newDSAKey makes a DSA-1024 key over fixed domain parameters, which are public
// and slow to make.
func newDSAKey(t testing.TB, created time.Time) *packet.PrivateKey {
	t.Helper()
	number := func(hex string) *big.Int {
		n, ok := new(big.Int).SetString(hex, 16)
		if !ok {
			t.Fatal("bad number")
		}
		return n
	}
	var key dsa.PrivateKey
	key.P = number("cc5e13f894814e6eb4d6a0dea89d2f4ec34eaddf34381b6cc0397c1b742975bf1bb166393f8ce88704294d89f803c73913b113fd447bc58b9c2ff532f7dd383535896193c25152b173f3f55dbdd894865890f6337ad16be80d53a9c116f8b00211b15ded01193498ab946f962a73a304cfa46434cc0bf6d5c7ebd1f0d66aebf7")
	key.Q = number("e74a321bddc5e648e03a024c7ae1c16a081819cf")
	key.G = number("a4d722f4889a131d339f8e7e502c59b9f25ab7843263df97f7ceaaa2cb4c54a7ef60394ed8eb4e1e9672228b63316355e47c1e7b2d2d92d999086de1b17c6285de0e4b419bb6f6673fba0c0ef315486b9de2f43cfebf2d017795cdbc66256093a7e0d669bc6cb8671262f2bb95a450587ed291bd19236cb78b79545aeec3dd7")
	if err := dsa.GenerateKey(&key, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return packet.NewDSAPrivateKey(created, &key)
}

// asSubkey returns the key as a subkey.
func asSubkey(k *packet.PrivateKey) *packet.PrivateKey {
	sub := *k
	sub.IsSubkey = true
	return &sub
}

// An option changes a signature before it is made.
type option func(*packet.Signature)

func certifyAndSign(s *packet.Signature) { s.FlagsValid, s.FlagCertify, s.FlagSign = true, true, true }
func certifyOnly(s *packet.Signature)    { s.FlagsValid, s.FlagCertify = true, true }
func signOnly(s *packet.Signature)       { s.FlagsValid, s.FlagSign = true, true }
func encryptOnly(s *packet.Signature)    { s.FlagsValid, s.FlagEncryptCommunications = true, true }
func text(s *packet.Signature)           { s.SigType = packet.SigTypeText }
func primaryID(s *packet.Signature)      { yes := true; s.IsPrimaryId = &yes }

func hashed(h crypto.Hash) option { return func(s *packet.Signature) { s.Hash = h } }

func keyLifetime(seconds uint32) option {
	return func(s *packet.Signature) { s.KeyLifetimeSecs = &seconds }
}

func sigLifetime(seconds uint32) option {
	return func(s *packet.Signature) { s.SigLifetimeSecs = &seconds }
}

func notation(name string, critical bool) option {
	return func(s *packet.Signature) {
		s.Notations = append(s.Notations, &packet.Notation{Name: name, Value: []byte("x"), IsCritical: critical, IsHumanReadable: true})
	}
}

func reason(r packet.ReasonForRevocation) option {
	return func(s *packet.Signature) { s.RevocationReason = &r }
}

var config = func() *packet.Config {
	no := false
	return &packet.Config{NonDeterministicSignaturesViaNotation: &no}
}()

// newSignature prepares a signature packet.
func newSignature(by *packet.PrivateKey, typ packet.SignatureType, at time.Time, opts []option) *packet.Signature {
	s := &packet.Signature{
		Version: by.Version, SigType: typ, PubKeyAlgo: by.PubKeyAlgo,
		Hash: crypto.SHA512, CreationTime: at, IssuerKeyId: &by.KeyId,
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

func serialize(t testing.TB, p interface{ Serialize(io.Writer) error }) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A testCert is a certificate in the making: a sequence of packets.
type testCert struct {
	t       testing.TB
	key     *packet.PrivateKey
	packets []byte
	name    string // the last user ID
}

// newCert begins a certificate; it has no user ID yet.
func newCert(t testing.TB, key *packet.PrivateKey) *testCert {
	t.Helper()
	return &testCert{t: t, key: key, packets: serialize(t, &key.PublicKey)}
}

// simpleCert makes a certificate of 2018 with one user ID.
func simpleCert(t testing.TB, k kind, name string) *testCert {
	t.Helper()
	c := newCert(t, newKey(t, k, y2018))
	if k.v6 {
		c.direct(y2018, certifyAndSign)
	}
	return c.user(name).self(y2018, certifyAndSign)
}

func (c *testCert) fingerprint() Fingerprint { return fingerprint(&c.key.PublicKey) }

func (c *testCert) clone() *testCert {
	d := *c
	d.packets = bytes.Clone(c.packets)
	return &d
}

// user adds a user ID.
func (c *testCert) user(name string) *testCert {
	c.name = name
	c.packets = append(c.packets, serialize(c.t, &packet.UserId{Id: name})...)
	return c
}

// self adds a self-signature on the last user ID.
func (c *testCert) self(at time.Time, opts ...option) *testCert {
	return c.certify(c.key, packet.SigTypePositiveCert, at, opts...)
}

// certify adds anybody's signature on the last user ID.
func (c *testCert) certify(by *packet.PrivateKey, typ packet.SignatureType, at time.Time, opts ...option) *testCert {
	c.t.Helper()
	s := newSignature(by, typ, at, opts)
	if err := s.SignUserId(c.name, &c.key.PublicKey, by, config); err != nil {
		c.t.Fatal(err)
	}
	c.packets = append(c.packets, serialize(c.t, s)...)
	return c
}

// direct adds a direct key signature. It has to come before user IDs.
func (c *testCert) direct(at time.Time, opts ...option) *testCert {
	c.t.Helper()
	s := newSignature(c.key, packet.SigTypeDirectSignature, at, opts)
	if err := s.SignDirectKeyBinding(&c.key.PublicKey, c.key, config); err != nil {
		c.t.Fatal(err)
	}
	c.packets = append(c.packets, serialize(c.t, s)...)
	return c
}

// revoke adds a revocation of the primary key.
func (c *testCert) revoke(at time.Time, opts ...option) *testCert {
	c.t.Helper()
	s := newSignature(c.key, packet.SigTypeKeyRevocation, at, opts)
	if err := s.RevokeKey(&c.key.PublicKey, c.key, config); err != nil {
		c.t.Fatal(err)
	}
	c.packets = append(c.packets, serialize(c.t, s)...)
	return c
}

// subkey adds a subkey packet.
func (c *testCert) subkey(sub *packet.PrivateKey) *testCert {
	public := sub.PublicKey
	public.IsSubkey = true
	c.packets = append(c.packets, serialize(c.t, &public)...)
	return c
}

// bind adds a binding of the subkey, with its back-signature if confirm is set.
func (c *testCert) bind(sub *packet.PrivateKey, confirm bool, at time.Time, opts ...option) *testCert {
	c.t.Helper()
	s := newSignature(c.key, packet.SigTypeSubkeyBinding, at, opts)
	if confirm {
		back := newSignature(sub, packet.SigTypePrimaryKeyBinding, at, nil)
		if err := back.CrossSignKey(&sub.PublicKey, &c.key.PublicKey, sub, config); err != nil {
			c.t.Fatal(err)
		}
		s.EmbeddedSignature = back
	}
	return c.signSubkey(s, sub)
}

// revokeSubkey adds a revocation of the subkey.
func (c *testCert) revokeSubkey(sub *packet.PrivateKey, at time.Time, opts ...option) *testCert {
	c.t.Helper()
	return c.signSubkey(newSignature(c.key, packet.SigTypeSubkeyRevocation, at, opts), sub)
}

func (c *testCert) signSubkey(s *packet.Signature, sub *packet.PrivateKey) *testCert {
	c.t.Helper()
	if err := s.SignKey(&sub.PublicKey, c.key, config); err != nil {
		c.t.Fatal(err)
	}
	c.packets = append(c.packets, serialize(c.t, s)...)
	return c
}

// message is what the tests sign.
const message = "Python-9.9.9.tar.xz\nsecond line\n"

// sign makes a detached signature over the message, without armor.
func sign(t testing.TB, by *packet.PrivateKey, at time.Time, opts ...option) []byte {
	t.Helper()
	return signData(t, by, message, at, opts...)
}

func signData(t testing.TB, by *packet.PrivateKey, data string, at time.Time, opts ...option) []byte {
	t.Helper()
	s := newSignature(by, packet.SigTypeBinary, at, opts)
	h, err := s.PrepareSign(config)
	if err != nil {
		t.Fatal(err)
	}
	w := h
	if s.SigType == packet.SigTypeText {
		w = v2.NewCanonicalTextHash(h)
	}
	io.WriteString(w, data)
	if err := s.Sign(h, by, config); err != nil {
		t.Fatal(err)
	}
	return serialize(t, s)
}

// armored puts armor around packets.
func armored(t testing.TB, kind string, packets ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(bytes.Join(packets, nil))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// ring makes a keyring of certificates, each as a file of its own.
func ring(t testing.TB, certs ...*testCert) *Keyring {
	t.Helper()
	k := NewKeyring()
	for _, c := range certs {
		added, skipped, err := k.Add("test.asc", armored(t, "PGP PUBLIC KEY BLOCK", c.packets))
		if err != nil || len(skipped) > 0 || len(added) != 1 {
			t.Fatalf("Add: %v, skipped %v, error %v", added, skipped, err)
		}
	}
	return k
}

// hashOf feeds data to the hashes of a signature.
func hashOf(sig *Signature, data string) *Hashes {
	h := NewHashes(sig)
	io.WriteString(h, data)
	return h
}

// everyone lists all certificates of a keyring.
func everyone(k *Keyring) []Fingerprint {
	var all []Fingerprint
	for _, c := range k.Certificates() {
		all = append(all, c.Fingerprint)
	}
	return all
}

// verify checks a signature over the message in 2024. Without signers it
// accepts every certificate of the keyring.
func verify(k *Keyring, asc []byte, signers ...Fingerprint) Result {
	sig := Parse(asc)
	if signers == nil {
		signers = everyone(k)
	}
	return k.Verify(sig, hashOf(sig, message), Policy{Signers: signers, Time: y2024})
}
