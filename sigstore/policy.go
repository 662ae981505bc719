package sigstore

import (
	"crypto"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// Policy says who may have signed: any of the identities and patterns, or else
// the holder of a key. A policy that names nobody, or both signers with and
// without certificates, is a mistake of the caller and never passes.
type Policy struct {
	Identities []Identity       // compared exactly
	Patterns   []Pattern        // SAN matched as a whole, issuer compared exactly
	Key        crypto.PublicKey // a managed key, for bundles without certificate
	// Time is the present. It decides nothing but whether a bundle may be called
	// newer than the trust root: one that claims to be later than the present is
	// not, and where Time is zero, none is.
	Time time.Time
}

// Validate returns why no bundle can be judged by the policy, or nil.
func (p Policy) Validate() error {
	if p.Key != nil {
		if len(p.Identities)+len(p.Patterns) > 0 {
			return errors.New("policy names both a key and identities")
		}
		_, err := keyVerifier(p.Key, false)
		return err
	}
	_, err := p.options()
	return err
}

// options returns the policy as the library takes it.
func (p Policy) options() ([]verify.PolicyOption, error) {
	if len(p.Identities)+len(p.Patterns) == 0 {
		return nil, errors.New("policy names no identity and no key")
	}
	var options []verify.PolicyOption
	add := func(san verify.SubjectAlternativeNameMatcher, issuer string) error {
		id, err := verify.NewCertificateIdentity(san, verify.IssuerMatcher{Issuer: issuer}, certificate.Extensions{})
		if err != nil {
			return err
		}
		options = append(options, verify.WithCertificateIdentity(id))
		return nil
	}
	for _, id := range p.Identities {
		if id.SAN == "" || id.Issuer == "" {
			return nil, fmt.Errorf("policy names half an identity: SAN %q, issuer %q", id.SAN, id.Issuer)
		}
		if err := add(verify.SubjectAlternativeNameMatcher{SubjectAlternativeName: id.SAN}, id.Issuer); err != nil {
			return nil, err
		}
	}
	for _, pattern := range p.Patterns {
		re, err := pattern.compile()
		if err != nil {
			return nil, err
		}
		if err := add(verify.SubjectAlternativeNameMatcher{Regexp: *re}, pattern.Issuer); err != nil {
			return nil, err
		}
	}
	return options, nil
}

// ParsePattern returns the pattern of a SAN, an RE2 expression that must match
// the SAN as a whole, and an exact issuer.
func ParsePattern(san, issuer string) (Pattern, error) {
	p := Pattern{SAN: san, Issuer: issuer}
	_, err := p.compile()
	return p, err
}

// compile returns the anchored expression.
func (p Pattern) compile() (*regexp.Regexp, error) {
	if p.SAN == "" || p.Issuer == "" {
		return nil, fmt.Errorf("half an identity pattern: SAN %q, issuer %q", p.SAN, p.Issuer)
	}
	// First by itself: "a)|(b" would step out of the group below, and its
	// anchors, and yet be an expression.
	if _, err := regexp.Compile(p.SAN); err != nil {
		return nil, fmt.Errorf("identity pattern %q: %w", p.SAN, err)
	}
	re, err := regexp.Compile(`\A(?:` + p.SAN + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("identity pattern %q: %w", p.SAN, err)
	}
	return re, nil
}
