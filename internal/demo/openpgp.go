package demo

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"migrate/pgp"
)

// rsaKeys are the RSA keys of the demonstration. They are files because the
// standard library makes none from a seed; all other keys follow from theirs.
//
//go:embed testdata/rsa-*.pem
var rsaKeys embed.FS

// unsalted keeps the library from adding random notations to signatures.
var unsalted = func() *packet.Config {
	no := false
	return &packet.Config{NonDeterministicSignaturesViaNotation: &no}
}()

// eddsaKey returns the key that follows from a name. It is of the kind that
// GnuPG makes, so that people can look at the demonstration with it.
func eddsaKey(name string, created time.Time) (*packet.PrivateKey, error) {
	e, err := openpgp.NewEntity(name, "", "", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA,
		Rand:      rand.NewChaCha8(sha256.Sum256([]byte(seed + "/openpgp/" + name))),
		Time:      func() time.Time { return created },
	})
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return e.PrivateKey, nil
}

// rsaKey returns the RSA key of that many bits.
func rsaKey(bits int, created time.Time) (*packet.PrivateKey, error) {
	file := fmt.Sprintf("testdata/rsa-%d.pem", bits)
	data, err := rsaKeys.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM block", file)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: not an RSA key", file)
	}
	return packet.NewRSAPrivateKey(created, private), nil
}

func fingerprint(k *packet.PrivateKey) pgp.Fingerprint {
	return pgp.Fingerprint(fmt.Sprintf("%X", k.Fingerprint))
}

// An option changes a signature before it is made.
type option func(*packet.Signature)

func certifyAndSign(s *packet.Signature) { s.FlagsValid, s.FlagCertify, s.FlagSign = true, true, true }
func certifyOnly(s *packet.Signature)    { s.FlagsValid, s.FlagCertify = true, true }
func signOnly(s *packet.Signature)       { s.FlagsValid, s.FlagSign = true, true }

func hashed(h crypto.Hash) option { return func(s *packet.Signature) { s.Hash = h } }

func ofType(t packet.SignatureType) option { return func(s *packet.Signature) { s.SigType = t } }

func keyExpires(after time.Duration) option {
	seconds := uint32(after / time.Second)
	return func(s *packet.Signature) { s.KeyLifetimeSecs = &seconds }
}

func expires(after time.Duration) option {
	seconds := uint32(after / time.Second)
	return func(s *packet.Signature) { s.SigLifetimeSecs = &seconds }
}

func revokedBecause(r packet.ReasonForRevocation) option {
	return func(s *packet.Signature) { s.RevocationReason = &r }
}

func criticalNotation(s *packet.Signature) {
	s.Notations = append(s.Notations, &packet.Notation{
		Name: "condition@demo.example", Value: []byte("only on Sundays"), IsCritical: true, IsHumanReadable: true,
	})
}

// newSignature prepares a signature packet.
func newSignature(by *packet.PrivateKey, t packet.SignatureType, at time.Time, opts []option) *packet.Signature {
	s := &packet.Signature{
		Version: by.Version, SigType: t, PubKeyAlgo: by.PubKeyAlgo,
		Hash: crypto.SHA512, CreationTime: at, IssuerKeyId: &by.KeyId,
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

// packets makes packets and remembers the first error.
type packets struct {
	data bytes.Buffer
	err  error
}

func (b *packets) add(p interface{ Serialize(io.Writer) error }, err error) {
	if b.err == nil {
		b.err = err
	}
	if b.err == nil {
		b.err = p.Serialize(&b.data)
	}
}

// A certificate is one in the making: the packets so far.
type certificate struct {
	packets
	key  *packet.PrivateKey
	name string
}

func newCertificate(key *packet.PrivateKey) *certificate {
	c := &certificate{key: key}
	c.add(&key.PublicKey, nil)
	return c
}

// user adds a user ID.
func (c *certificate) user(name string) *certificate {
	c.name = name
	c.add(&packet.UserId{Id: name}, nil)
	return c
}

// self adds a self-signature on the last user ID.
func (c *certificate) self(at time.Time, opts ...option) *certificate {
	s := newSignature(c.key, packet.SigTypePositiveCert, at, opts)
	c.add(s, s.SignUserId(c.name, &c.key.PublicKey, c.key, unsalted))
	return c
}

// revoke adds a revocation of the primary key.
func (c *certificate) revoke(at time.Time, why packet.ReasonForRevocation) *certificate {
	s := newSignature(c.key, packet.SigTypeKeyRevocation, at, []option{revokedBecause(why)})
	c.add(s, s.RevokeKey(&c.key.PublicKey, c.key, unsalted))
	return c
}

// unreadable adds the last signature of another certificate in the making, as
// one over RIPEMD-160: what it says cannot be checked any more.
func (c *certificate) unreadable(of *certificate) *certificate {
	last, err := of.signature()
	if err == nil {
		last, err = edit(last, func(body []byte) ([]byte, error) {
			body[3] = 3 // RFC 9580 section 9.5
			return body, nil
		})
	}
	if c.err == nil {
		c.err = err
	}
	c.data.Write(last)
	return c
}

// loose leaves only the last signature, as gpg --gen-revoke writes a revocation.
func (c *certificate) loose() *certificate {
	last, err := c.signature()
	if c.err == nil {
		c.err = err
	}
	c.data.Reset()
	c.data.Write(last)
	return c
}

// signature returns the certificate's last packet, a signature.
func (c *certificate) signature() ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	r := packet.NewOpaqueReader(bytes.NewReader(c.data.Bytes()))
	var last *packet.OpaquePacket
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		last = p
	}
	var out bytes.Buffer
	err := last.Serialize(&out)
	return out.Bytes(), err
}

// subkey adds a subkey for signing. Unless confirmed, the subkey itself does
// not say that it belongs to the certificate (RFC 9580, section 5.2.3.34).
func (c *certificate) subkey(sub *packet.PrivateKey, at time.Time, confirmed bool) *certificate {
	public := sub.PublicKey
	public.IsSubkey = true
	c.add(&public, nil)
	s := newSignature(c.key, packet.SigTypeSubkeyBinding, at, []option{signOnly})
	if confirmed {
		s.EmbeddedSignature = newSignature(sub, packet.SigTypePrimaryKeyBinding, at, nil)
		if err := s.EmbeddedSignature.CrossSignKey(&sub.PublicKey, &c.key.PublicKey, sub, unsalted); err != nil && c.err == nil {
			c.err = err
		}
	}
	c.add(s, s.SignKey(&sub.PublicKey, c.key, unsalted))
	return c
}

// armored returns the certificate as a key file.
func (c *certificate) armored() ([]byte, error) {
	if c.err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", c.name, c.err)
	}
	return enarmor("PGP PUBLIC KEY BLOCK", c.data.Bytes())
}

// enarmor puts armor around packets.
func enarmor(kind string, packets []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := armor.Encode(&b, kind, nil)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(packets); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// signPackets returns a detached signature over data, without armor.
func signPackets(by *packet.PrivateKey, data []byte, at time.Time, opts ...option) ([]byte, error) {
	s := newSignature(by, packet.SigTypeBinary, at, opts)
	h, err := s.PrepareSign(unsalted)
	if err != nil {
		return nil, err
	}
	w := h
	if s.SigType == packet.SigTypeText {
		w = openpgp.NewCanonicalTextHash(h)
	}
	w.Write(data)
	var b packets
	b.add(s, s.Sign(h, by, unsalted))
	return b.data.Bytes(), b.err
}

// signAsc returns a detached signature over data as an .asc file.
func signAsc(by *packet.PrivateKey, data []byte, at time.Time, opts ...option) ([]byte, error) {
	packets, err := signPackets(by, data, at, opts...)
	if err != nil {
		return nil, err
	}
	return enarmor("PGP SIGNATURE", packets)
}

// edit changes the contents of a serialized signature packet.
func edit(serialized []byte, change func(body []byte) ([]byte, error)) ([]byte, error) {
	p, err := packet.NewOpaqueReader(bytes.NewReader(serialized)).Next()
	if err != nil {
		return nil, err
	}
	if p.Contents, err = change(slices.Clone(p.Contents)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = p.Serialize(&out)
	return out.Bytes(), err
}

// editSubpackets changes the subpackets of both areas of a version 4 signature
// packet's contents (RFC 9580, section 5.2.3).
func editSubpackets(body []byte, change func(hashed bool, all []*packet.OpaqueSubpacket) []*packet.OpaqueSubpacket) ([]byte, error) {
	out, rest := slices.Clone(body[:4]), body[4:]
	for _, hashed := range []bool{true, false} {
		n := int(rest[0])<<8 | int(rest[1])
		all, err := packet.OpaqueSubpackets(rest[2 : 2+n])
		if err != nil {
			return nil, err
		}
		rest = rest[2+n:]
		var area bytes.Buffer
		for _, s := range change(hashed, all) {
			if err := s.Serialize(&area); err != nil {
				return nil, err
			}
		}
		out = append(out, byte(area.Len()>>8), byte(area.Len()))
		out = append(out, area.Bytes()...)
	}
	return append(out, rest...), nil
}
