package pgp

import (
	"fmt"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// ParseFingerprint reads a full fingerprint: 40 or 64 hex digits in either
// case, with or without spaces and a leading "0x". It refuses everything
// shorter: key IDs of 8 and 16 digits have been forged for release managers'
// keys, and 32 digits are the MD5 of a version 3 key.
func ParseFingerprint(s string) (Fingerprint, error) {
	hex := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	hex = strings.TrimPrefix(hex, "0X")
	if strings.Trim(hex, "0123456789ABCDEF") != "" {
		return "", fmt.Errorf("fingerprint %q is not hexadecimal", s)
	}
	switch len(hex) {
	case 40, 64:
		return Fingerprint(hex), nil
	case 8, 16:
		return "", fmt.Errorf("%q is a key ID of %d digits, which can be forged: give the full fingerprint of 40 digits", s, len(hex))
	case 32:
		return "", fmt.Errorf("%q is the fingerprint of a version 3 key, which no current tool accepts", s)
	}
	return "", fmt.Errorf("fingerprint %q has %d digits: a full one has 40 (or 64 for version 6)", s, len(hex))
}

func fingerprint(pk *packet.PublicKey) Fingerprint {
	return Fingerprint(fmt.Sprintf("%X", pk.Fingerprint))
}

// algorithm names a key's algorithm with its size, e.g. "RSA-4096".
func algorithm(pk *packet.PublicKey) string {
	sized := func(name string) string {
		bits, err := pk.BitLength()
		if err != nil {
			return name
		}
		return fmt.Sprintf("%s-%d", name, bits)
	}
	switch pk.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoRSAEncryptOnly:
		return sized("RSA")
	case packet.PubKeyAlgoDSA:
		return sized("DSA")
	case packet.PubKeyAlgoElGamal:
		return sized("ElGamal")
	case packet.PubKeyAlgoECDSA:
		curve, err := pk.Curve()
		if err != nil {
			return "ECDSA"
		}
		return "ECDSA-" + string(curve)
	case packet.PubKeyAlgoEdDSA, packet.PubKeyAlgoEd25519, packet.PubKeyAlgoEd448:
		if curve, err := pk.Curve(); err == nil && curve == packet.Curve448 {
			return "Ed448"
		}
		return "Ed25519"
	case packet.PubKeyAlgoMldsa65Ed25519:
		return "ML-DSA-65+Ed25519"
	case packet.PubKeyAlgoMldsa87Ed448:
		return "ML-DSA-87+Ed448"
	case packet.PubKeyAlgoSlhdsaShake128s, packet.PubKeyAlgoSlhdsaShake128f, packet.PubKeyAlgoSlhdsaShake256s:
		return "SLH-DSA"
	}
	return fmt.Sprintf("algorithm %d", pk.PubKeyAlgo)
}
