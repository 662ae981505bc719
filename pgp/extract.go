package pgp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Bounds of what Extract takes of one certificate. The release manager's with
// the most user IDs has some 60 packets of its own, in 16 KB.
const (
	maxOwnPackets = 1000
	maxOwnBytes   = 256 << 10
)

// An Extracted is one certificate by itself, taken out of a file of keys.
type Extracted struct {
	Fingerprint Fingerprint
	Packets     []byte // without armor
}

// Armor returns the certificate as a key file. The comment is one line, which
// becomes the armor's Comment header (RFC 9580, section 6.2.2.2).
func (x Extracted) Armor(comment string) ([]byte, error) {
	var b bytes.Buffer
	w, err := armor.Encode(&b, "PGP PUBLIC KEY BLOCK", map[string]string{"Comment": strings.Join(strings.Fields(comment), " ")})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(x.Packets); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Extract takes certificates out of a key file from anywhere: armored blocks,
// any number of them and with text around, or binary. It takes those whose full
// fingerprint wanted accepts, each as [Keyring.Add] would, which makes of the
// packets what it makes of the file: other people's signatures, user attributes
// and whatever else stands there are left behind. Where the file has several
// copies of one certificate, they are taken together. The order is that of the
// file.
//
// It returns as well how many certificates it left, and what kept parts of the
// file from being looked at. The error is for what is no key file at all.
func Extract(data []byte, wanted func(Fingerprint) bool) (found []Extracted, left int, skipped []Skipped, err error) {
	parts, skipped, err := binaryKeys(data)
	if err != nil {
		return nil, 0, nil, err
	}
	var copies [][]byte // against the same copy twice
	for _, part := range parts {
		packets, err := splitPackets(part)
		groups := slices.Collect(keyGroups(packets))
		if err != nil {
			// As in Add: the last certificate may lack its revocation.
			if len(groups) > 0 {
				groups = groups[:len(groups)-1]
			}
			skipped = append(skipped, Skipped{Reason: "the last key of the file: " + err.Error()})
		}
		for _, group := range groups {
			f, ok := primaryFingerprint(group[0])
			if !ok || !wanted(f) {
				left++
				continue
			}
			own, err := ownPackets(f, group)
			if err != nil {
				skipped = append(skipped, Skipped{f, err.Error()})
				continue
			}
			same := func(c []byte) bool { return bytes.Equal(c, own) }
			if slices.ContainsFunc(copies, same) {
				continue
			}
			copies = append(copies, own)
			i := slices.IndexFunc(found, func(x Extracted) bool { return x.Fingerprint == f })
			if i < 0 {
				i = len(found)
				found = append(found, Extracted{Fingerprint: f})
			}
			if len(found[i].Packets)+len(own) > maxOwnBytes {
				skipped = append(skipped, Skipped{f, "its copies together are too large"})
				continue
			}
			found[i].Packets = append(found[i].Packets, own...)
		}
	}
	return found, left, skipped, nil
}

// primaryFingerprint returns the fingerprint of a public key packet that the
// library can read.
func primaryFingerprint(p rawPacket) (Fingerprint, bool) {
	if p.tag != tagPublicKey {
		return "", false
	}
	parsed, err := p.parse()
	key, ok := parsed.(*packet.PublicKey)
	if err != nil || !ok {
		return "", false
	}
	return fingerprint(key), true
}

// ownPackets returns the packets of a certificate that are its owner's, or may
// be: everything that readCertificate looks at.
func ownPackets(f Fingerprint, group []rawPacket) ([]byte, error) {
	out := slices.Clone(group[0].serialized)
	n := 1
	attached := true // signatures are on something that is kept
	for _, p := range group[1:] {
		switch p.tag {
		case tagUserID, tagPublicSubkey:
			attached = true
		case tagUserAttribute, tagSecretSubkey:
			attached = false
			continue
		case tagSignature:
			o := readOutline(p.contents)
			switch {
			case o.sigType == packet.SigTypeKeyRevocation:
				// Whoever it names: it is tried on every key.
			case o.issuer != "" && !names(o.issuer, f):
				continue
			case !attached && o.sigType != packet.SigTypeDirectSignature:
				continue // or it would seem to be on what stands before
			}
		default:
			continue
		}
		n++
		out = append(out, p.serialized...)
		if n > maxOwnPackets || len(out) > maxOwnBytes {
			return nil, fmt.Errorf("it has more than %d packets or %d KiB of its own, as no real key has", maxOwnPackets, maxOwnBytes>>10)
		}
	}
	return out, nil
}
