package pgp

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"sync"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"migrate/internal/mutationtest"
)

var mutations = flag.Bool("mutations", false, "try every value of every byte, everywhere (takes minutes)")

// tolerated is what may be changed in a signature file without anybody noticing: none of it is signed, and none of it is relied on.
var tolerated = []string{
	"tag",                      // of the packet: an older format for the same thing
	"hash tag",                 // the first two bytes of the hash, for a quick look
	"length of a number",       // in bits: as long as the bytes are as many and the value is the same
	"unhashed subpacket: type", // of the issuer's key ID: a hint

	"last bits of base64", // of the armor, where less than a byte is left: RFC 4648 section 3.5
	"line end",            // of the armor: any white space will do, and some line ends are not needed
	"checksum",            // of the armor: RFC 9580 section 6.1 has nobody reject a file for it
	// Without its "=" the checksum is three more bytes of data. Where they look
	// like a packet of a kind that is to be ignored, they are.
	"checksum taken for a packet",
}

// TestMutation changes every byte of signatures of today's kinds, packet and
// armor, and of what they sign.
func TestMutation(t *testing.T) {
	for name, k := range map[string]kind{"RSA": rsa2048, "Ed25519": ed25519, "ECDSA": p256} {
		t.Run(name, func(t *testing.T) {
			c := simpleCert(t, k, "Signer")
			m := mutant{sign(t, c.key, y2020), ring(t, c), hashOf(Parse(nil), ""), Policy{Signers: []Fingerprint{c.fingerprint()}, Time: y2024}}
			m.hashes = hashOf(Parse(m.packet), message)
			t.Run("packet", func(t *testing.T) { m.mutatePacket(t, 255) })
			t.Run("armor", func(t *testing.T) { m.mutateArmor(t, armored(t, "PGP SIGNATURE", m.packet), 64) })
			t.Run("artifact", m.mutateArtifact)
		})
	}
}

// TestCorpusMutation does so with a real signature.
func TestCorpusMutation(t *testing.T) {
	asc, h := real(t)
	data, err := blocks(asc)[0].decode()
	if err != nil {
		t.Fatal(err)
	}
	m := mutant{data, corpusRing(t, oldCopy), h, Policy{Signers: []Fingerprint{thomas}, Time: afterRefresh}}
	t.Run("packet", func(t *testing.T) { m.mutatePacket(t, 12) })
	t.Run("armor", func(t *testing.T) { m.mutateArmor(t, asc, 6) })
}

// A mutant is a good signature that is about to be changed.
type mutant struct {
	packet  []byte
	keyring *Keyring
	hashes  *Hashes
	policy  Policy
}

// values gives each byte up to n other values; all of them with -mutations.
func values(n int) func(at int, b byte) []byte {
	switch {
	case *mutations:
		n = 255
	case mutationtest.Race() || testing.Short():
		n = min(n, 2)
	}
	return func(at int, b byte) []byte { return mutationtest.Some(mutationtest.Others(b), n, at) }
}

// mutatePacket changes every byte of the packet.
func (m mutant) mutatePacket(t *testing.T, n int) {
	parts := parts(t, m.packet)
	m.try(t, m.packet, n, func(_ []byte, at int) string { return parts[at] })
}

// mutateArmor changes every byte of the armored file.
func (m mutant) mutateArmor(t *testing.T, asc []byte, n int) {
	parts := parts(t, m.packet)
	checksum := bytes.LastIndex(asc, []byte("\n=")) + 1
	m.try(t, asc, n, func(changed []byte, at int) string {
		data, err := blocks(changed)[0].decode()
		switch {
		case err != nil:
			return "armor that does not decode"
		case bytes.Equal(data, m.packet) && asc[at] == '\n':
			return "line end"
		case bytes.Equal(data, m.packet) && at >= checksum && at < checksum+len("=njUN"):
			return "checksum"
		case bytes.Equal(data, m.packet) && at+1 < len(asc) && asc[at+1] == '=':
			return "last bits of base64"
		case bytes.Equal(data, m.packet):
			return "armor"
		case bytes.HasPrefix(data, m.packet) && at == checksum:
			return "checksum taken for a packet"
		case len(data) != len(m.packet):
			return "length of the data"
		}
		var part string
		for i := range data {
			if data[i] != m.packet[i] {
				part = parts[i]
			}
		}
		return part
	})
}

// try changes every byte of a file. What is accepted is counted by what was
// changed, which part tells.
func (m mutant) try(t *testing.T, file []byte, n int, part func(changed []byte, at int) string) {
	t.Helper()
	unchanged := m.keyring.Verify(Parse(file), m.hashes, m.policy)
	if unchanged.Status != Good {
		t.Fatalf("unchanged: %+v", unchanged)
	}
	signed := Parse(file).packets[0].parsed
	var mu sync.Mutex
	accepted := map[string]int{}
	counts := map[string]int{}
	offsets := map[int]bool{}
	total := mutationtest.Try(file, values(n), func(changed []byte, mutation mutationtest.Mutation) {
		sig := Parse(changed)
		r := m.keyring.Verify(sig, m.hashes, m.policy)
		mu.Lock()
		defer mu.Unlock()
		counts[fmt.Sprintf("%v %s", r.Status, r.Reason)]++
		switch r.Status {
		case Good:
			what := part(changed, mutation.At)
			accepted[what]++
			offsets[mutation.At] = true
			if !slices.Contains(tolerated, what) {
				t.Errorf("%v: accepted, in the %s", mutation, what)
			}
			if !sameSignature(sig.packets[0].parsed, signed) || r.Certificate != unchanged.Certificate ||
				r.SigningKey != unchanged.SigningKey || r.UserID != unchanged.UserID || !r.Created.Equal(unchanged.Created) || r.Hash != unchanged.Hash {
				t.Errorf("%v: accepted with another content: %+v", mutation, r)
			}
		case Bad, Rejected, UnknownKey, Unsupported, Malformed:
			if r.Certificate != "" || r.Reason == "" && r.Status != Bad && r.Status != UnknownKey {
				t.Errorf("%v: %+v", mutation, r)
			}
		default:
			// The artifact was hashed for the original signature only.
			if r.Status != Unchecked || keyOf(sig.packets[0].parsed) == keyOf(signed) {
				t.Errorf("%v: %+v", mutation, r)
			}
		}
	})
	t.Logf("%d changes of %d bytes: %v; accepted: %v, at %d offsets: %v", total, len(file), counts, accepted, len(offsets), slices.Sorted(maps.Keys(offsets)))
}

// mutateArtifact changes every byte of what was signed.
func (m mutant) mutateArtifact(t *testing.T) {
	sig := Parse(m.packet)
	total := mutationtest.Try([]byte(message), values(255), func(changed []byte, mutation mutationtest.Mutation) {
		if r := m.keyring.Verify(sig, hashOf(sig, string(changed)), m.policy); r.Status != Bad || r.Certificate != "" {
			t.Errorf("%v: %+v", mutation, r)
		}
	})
	t.Logf("%d changes of %d bytes, none accepted", total, len(message))
}

// sameSignature reports whether two packets hold the same signature over the
// same things: what is hashed with the data, and the numbers.
func sameSignature(a, b *packet.Signature) bool {
	return bytes.Equal(a.HashSuffix, b.HashSuffix) && cmp.Equal(numbers(a), numbers(b), cmp.Comparer(func(x, y *big.Int) bool { return x.Cmp(y) == 0 }))
}

func numbers(s *packet.Signature) (all []*big.Int) {
	add := func(raw []byte) { all = append(all, new(big.Int).SetBytes(raw)) }
	switch {
	case s.RSASignature != nil:
		add(s.RSASignature.Bytes())
	case s.ECDSASigR != nil:
		add(s.ECDSASigR.Bytes())
		add(s.ECDSASigS.Bytes())
	default:
		add(s.EdSig)
	}
	return all
}

// parts names the part of a version 4 signature packet that each byte belongs
// to: RFC 9580 sections 4.2 and 5.2.3.
func parts(t *testing.T, p []byte) []string {
	t.Helper()
	var names []string
	next := func(n int, name string) []byte {
		at := len(names)
		if at+n > len(p) {
			t.Fatalf("%s: the packet ends before it does", name)
		}
		for range n {
			names = append(names, name)
		}
		return p[at : at+n]
	}
	number := func(n int, name string) int {
		var wide [4]byte
		copy(wide[4-n:], next(n, name))
		return int(binary.BigEndian.Uint32(wide[:]))
	}
	subpackets := func(kind string) {
		end := number(2, "length of the "+kind+"s")
		for end += len(names); len(names) < end; {
			n := number(1, kind+": length") // below 192: one byte
			next(1, kind+": type")
			next(n-1, kind+": data")
		}
	}
	tag := next(1, "tag")[0]
	if tag&0x40 != 0 {
		if n := number(1, "length"); n >= 192 && n < 224 {
			next(1, "length")
		}
	} else {
		next(1<<(tag&3), "length")
	}
	if v := number(1, "version"); v != 4 {
		t.Fatalf("version %d", v)
	}
	next(1, "type")
	algorithm := packet.PublicKeyAlgorithm(number(1, "public-key algorithm"))
	next(1, "hash algorithm")
	subpackets("hashed subpacket")
	subpackets("unhashed subpacket")
	next(2, "hash tag")
	if algorithm == packet.PubKeyAlgoEd25519 {
		next(64, "number")
	}
	for len(names) < len(p) {
		next((number(2, "length of a number")+7)/8, "number")
	}
	return names
}
