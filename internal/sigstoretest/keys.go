package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/sigstore/sigstore/pkg/signature"
)

// ecdsaKey signs deterministically (RFC 6979), whatever randomness it is given.
type ecdsaKey struct{ *ecdsa.PrivateKey }

// Sign implements crypto.Signer.
func (k ecdsaKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

// derive returns n bytes that follow from the seed and the label.
func derive(seed, label string, n int) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(seed), nil, label, n)
}

// newECDSA returns the key of that label.
func newECDSA(seed, label string, curve elliptic.Curve) (ecdsaKey, error) {
	size := (curve.Params().BitSize + 7) / 8
	// Not every string of that size is a key: it must be below the group's order.
	for try := range 16 {
		raw, err := derive(seed, fmt.Sprintf("%s/%d", label, try), size)
		if err != nil {
			return ecdsaKey{}, err
		}
		if key, err := ecdsa.ParseRawPrivateKey(curve, raw); err == nil {
			return ecdsaKey{key}, nil
		}
	}
	return ecdsaKey{}, fmt.Errorf("no key for %q", label)
}

// newEd25519 returns the key of that label.
func newEd25519(seed, label string) (ed25519.PrivateKey, error) {
	raw, err := derive(seed, label, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(raw), nil
}

// messageSigner is a key in the shape the checkpoint libraries ask for.
type messageSigner struct{ crypto.Signer }

// PublicKey implements signature.Signer.
func (s messageSigner) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return s.Public(), nil
}

// SignMessage implements signature.Signer.
func (s messageSigner) SignMessage(message io.Reader, _ ...signature.SignOption) ([]byte, error) {
	data, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	return signWith(s.Signer, crypto.SHA256, data)
}

// signWith signs data: over its hash, or for Ed25519 over the data itself.
func signWith(key crypto.Signer, hash crypto.Hash, data []byte) ([]byte, error) {
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		return key.Sign(nil, data, crypto.Hash(0))
	}
	h := hash.New()
	h.Write(data)
	return key.Sign(nil, h.Sum(nil), hash)
}
