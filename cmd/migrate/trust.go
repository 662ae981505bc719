package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"migrate/internal/audit"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/report"
	"migrate/sigstore"
)

// trust is what a run stands on. It never comes from the place being audited.
type trust struct {
	roster   *keyrings.Roster
	root     *sigstore.TrustRoot
	keyring  *pgp.Keyring
	verifier *sigstore.Verifier
	files    []keyrings.KeyFile // every key file that was read
	problems []keyrings.Problem
}

// maxTrustFile bounds a roster or trust root read from disk, in bytes.
const maxTrustFile = 4 << 20

func trustFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArray("keyring", nil, "`FILE` or folder with OpenPGP keys; only pinned ones are taken (repeatable)")
	flags.String("roster", "", "roster `FILE` in place of the built-in one")
	flags.String("trusted-root", "", "Sigstore trusted_root.json `FILE` in place of the built-in one")
	flags.String("at", "", "take `TIME` (RFC 3339) as the present")
}

// loadTrust reads the roster, the trust root and every key at hand: those that
// ship, those of the key cache, and those of --keyring.
func (a *app) loadTrust() (*trust, error) {
	var t trust
	var err error
	if t.roster, err = a.loadRoster(); err != nil {
		return nil, err
	}
	if t.root, err = a.loadTrustRoot(); err != nil {
		return nil, err
	}
	if t.verifier, err = sigstore.NewVerifier(t.root); err != nil {
		return nil, err
	}
	files, err := keyrings.Shipped()
	if err != nil {
		return nil, err
	}
	paths := a.paths("keyring")
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("--keyring: %w", err)
		}
	}
	if cache, ok := keyCache(); ok {
		paths = append([]string{cache}, paths...)
	}
	more, problems := keyrings.ReadKeyFiles(paths)
	t.files = append(files, more...)
	t.keyring, t.problems = t.roster.Keyring(t.files)
	// A roster of one's own need not pin the keys that ship.
	t.problems = slices.DeleteFunc(t.problems, func(p keyrings.Problem) bool {
		return slices.ContainsFunc(files, func(f keyrings.KeyFile) bool { return f.Source == p.Source })
	})
	t.problems = append(problems, t.problems...)
	a.sayTrust(&t)
	return &t, nil
}

// sayTrust says on standard error, if asked to, what the run stands on.
func (a *app) sayTrust(t *trust) {
	a.say("trust root %s, SHA-256 %s", t.root.Source(), t.root.SHA256())
	a.say("roster %s, version %s, SHA-256 %s", t.roster.Source(), t.roster.Version(), t.roster.SHA256())
	for _, c := range t.keyring.Certificates() {
		for _, copy := range c.Copies {
			a.say("key %s from %s", c.Fingerprint, copy.Source)
		}
	}
}

func (a *app) loadRoster() (*keyrings.Roster, error) {
	file := a.config.GetString("roster")
	if file == "" {
		return keyrings.Embedded()
	}
	data, err := readBounded(file, maxTrustFile)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	return keyrings.Parse(file, data)
}

func (a *app) loadTrustRoot() (*sigstore.TrustRoot, error) {
	file := a.config.GetString("trusted-root")
	if file == "" {
		return sigstore.EmbeddedTrustRoot()
	}
	data, err := readBounded(file, maxTrustFile)
	if err != nil {
		return nil, fmt.Errorf("trust root: %w", err)
	}
	return sigstore.ParseTrustRoot(file, data)
}

// keyCache is the user's key cache, if there is one.
func keyCache() (string, bool) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", false
	}
	dir = filepath.Join(dir, "migrate", "keys")
	info, err := os.Stat(dir)
	return dir, err == nil && info.IsDir()
}

// present is the time of the run.
func (a *app) present() (time.Time, error) {
	at := a.config.GetString("at")
	if at == "" {
		return a.now().UTC().Truncate(time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return time.Time{}, fmt.Errorf("--at %s: want a time such as 2026-01-02T15:04:05Z", at)
	}
	return t.UTC(), nil
}

// trustSigners takes the certificates with the given fingerprints in place of
// those that the roster pins.
func (t *trust) trustSigners(signers []pgp.Fingerprint) {
	all := pgp.NewKeyring()
	t.problems = nil
	for _, f := range t.files {
		if _, _, err := all.Add(f.Source, f.Data); err != nil {
			t.problems = append(t.problems, keyrings.Problem{Source: f.Source, Message: err.Error()})
		}
	}
	t.keyring = all.Select(func(f pgp.Fingerprint) bool { return slices.Contains(signers, f) })
}

// auditor is an auditor that judges by the roster.
func (t *trust) auditor(now time.Time) audit.Auditor {
	return audit.Auditor{Keyring: t.keyring, Sigstore: t.verifier, Expect: t.roster.Expect, Time: now}
}

// describe is what the report says about what it stood on.
func (t *trust) describe() report.Trust {
	d := report.Trust{
		TrustRoot: report.TrustRoot{Source: t.root.Source(), SHA256: t.root.SHA256(), Newest: report.Time{Time: t.root.Newest()}},
		Roster:    report.Roster{Source: t.roster.Source(), Version: t.roster.Version(), SHA256: t.roster.SHA256()},
	}
	copies := map[pgp.Fingerprint][]report.KeyCopy{}
	for _, c := range t.keyring.Certificates() {
		for _, copy := range c.Copies {
			copies[c.Fingerprint] = append(copies[c.Fingerprint], report.KeyCopy{Source: copy.Source, SHA256: copy.SHA256})
		}
	}
	for _, k := range t.roster.Keys() {
		d.Keys = append(d.Keys, report.Key{Fingerprint: string(k.Fingerprint), Person: k.Person, Name: k.Name, Copies: copies[k.Fingerprint]})
		delete(copies, k.Fingerprint)
	}
	for _, f := range slices.Sorted(maps.Keys(copies)) { // named on the command line
		d.Keys = append(d.Keys, report.Key{Fingerprint: string(f), Copies: copies[f]})
	}
	return d
}
