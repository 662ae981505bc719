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
	"migrate/internal/clients"
	"migrate/internal/cycle"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/report"
	"migrate/sigstore"
)

// trust is what a run stands on. It never comes from the place being audited.
type trust struct {
	roster   *keyrings.Roster
	root     *sigstore.TrustRoot
	cycle    *cycle.Cycle
	clients  *clients.Table
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
	trustedRootFlag(cmd)
	atFlag(cmd)
}

func trustedRootFlag(cmd *cobra.Command) {
	cmd.Flags().String("trusted-root", "", "Sigstore trusted_root.json `FILE` in place of the cached or built-in one")
}

func atFlag(cmd *cobra.Command) {
	cmd.Flags().String("at", "", "take `TIME` (RFC 3339) as the present")
}

// loadTrust reads the roster, the trust root and every key at hand: those that
// ship, those of the key cache, and those of --keyring. Bundles signed with a
// managed key ask less of a trust root.
func (a *app) loadTrust(managedKey bool) (*trust, error) {
	var t trust
	var err error
	if t.roster, err = a.loadRoster(); err != nil {
		return nil, err
	}
	chosen, err := a.chooseTrustRoot(managedKey)
	if err != nil {
		return nil, err
	}
	t.root = chosen.root
	a.log = t.root.Log(nil).URL
	if t.verifier, err = sigstore.NewVerifier(t.root); err != nil {
		return nil, err
	}
	if t.cycle, err = cycle.Embedded(); err != nil {
		return nil, err
	}
	if t.clients, err = clients.Embedded(); err != nil {
		return nil, err
	}
	shipped, err := keyrings.Shipped()
	if err != nil {
		return nil, err
	}
	more, err := a.ownKeys()
	if err != nil {
		return nil, err
	}
	t.files = append(shipped, more...)
	t.keyring, t.problems = t.roster.Keyring(t.files)
	// A roster of one's own need not pin the keys that ship.
	t.problems = slices.DeleteFunc(t.problems, func(p keyrings.Problem) bool {
		return slices.ContainsFunc(shipped, func(f keyrings.KeyFile) bool { return f.Source == p.Source })
	})
	a.sayTrust(&t)
	return &t, nil
}

// ownKeys reads the key cache and what --keyring names. One that cannot be read
// or holds no key ends the run: a copy that is passed over may be the one that
// holds a revocation.
func (a *app) ownKeys() ([]keyrings.KeyFile, error) {
	paths := a.paths("keyring")
	if cache, ok := keyCache(); ok {
		paths = append(paths, cache)
	}
	files, problems := keyrings.ReadKeyFiles(paths)
	if len(problems) > 0 {
		return nil, fmt.Errorf("keyring %s: %s", problems[0].Source, problems[0].Message)
	}
	for _, f := range files {
		if _, _, err := pgp.NewKeyring().Add(f.Source, f.Data); err != nil {
			return nil, fmt.Errorf("keyring %s: %w", f.Source, err)
		}
	}
	return files, nil
}

// sayTrust says on standard error, if asked to, what the run stands on.
func (a *app) sayTrust(t *trust) {
	a.say("trust root %s, SHA-256 %s", t.root.Source(), t.root.SHA256())
	a.say("roster %s, version %s, SHA-256 %s", t.roster.Source(), t.roster.Version(), t.roster.SHA256())
	a.say("release cycle %s, of %s, SHA-256 %s", t.cycle.Source(), t.cycle.Date(), t.cycle.SHA256())
	a.say("table of clients %s, version %s, SHA-256 %s", t.clients.Source(), t.clients.Version(), t.clients.SHA256())
	for _, name := range t.cycle.Unrecognised() {
		a.say("release cycle: %s is no series", report.Escape(name))
	}
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

// keyCache is the user's key cache, if there is one with something in it. A
// folder that depends on where we stand is none.
func keyCache() (string, bool) {
	dir, err := os.UserCacheDir()
	if err != nil || !filepath.IsAbs(dir) {
		return "", false
	}
	dir = filepath.Join(dir, "migrate", "keys")
	entries, err := os.ReadDir(dir)
	return dir, len(entries) > 0 || err != nil && !nothingThere(err)
}

// present is the time of the run.
func (a *app) present() (time.Time, error) {
	at := a.config.GetString("at")
	if at == "" {
		now := a.now().UTC().Truncate(time.Second)
		if !sayable(now) {
			return time.Time{}, fmt.Errorf("this machine's clock is in the year %d: set the clock, or give the time with --at", now.Year())
		}
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, at)
	if t = t.UTC(); err != nil || !sayable(t) {
		return time.Time{}, fmt.Errorf("--at %s: want a time such as 2026-01-02T15:04:05Z", at)
	}
	return t, nil
}

// sayable reports whether t can be the present: signatures count from 1970
// (RFC 9580, section 3.5), and RFC 3339 ends with the year 9999.
func sayable(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9999 }

// trustSigners takes the certificates with the given fingerprints in place of
// those that the roster pins.
func (t *trust) trustSigners(signers []pgp.Fingerprint) {
	all := pgp.NewKeyring()
	t.problems = nil
	for _, f := range t.files {
		all.Add(f.Source, f.Data) // first all of them: a revocation may come before its key
	}
	for _, f := range t.files {
		_, skipped, err := all.Add(f.Source, f.Data)
		if err != nil { // not reached: loadTrust has added it once
			t.problems = append(t.problems, keyrings.Problem{Source: f.Source, Message: err.Error()})
		}
		for _, s := range skipped {
			if s.Fingerprint == "" || slices.Contains(signers, s.Fingerprint) {
				t.problems = append(t.problems, keyrings.Problem{Source: f.Source, Message: s.Reason})
			}
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
		TrustRoot: report.TrustRoot{
			Source: t.root.Source(), SHA256: t.root.SHA256(),
			Newest: report.Time{Time: t.root.Newest()}, Current: report.Time{Time: t.root.Current()},
		},
		Roster: report.Roster{Source: t.roster.Source(), Version: t.roster.Version(), SHA256: t.roster.SHA256()},
	}
	copies := map[pgp.Fingerprint][]report.KeyCopy{}
	held := map[pgp.Fingerprint]pgp.Certificate{}
	for _, c := range t.keyring.Certificates() {
		held[c.Fingerprint] = c
		for _, copy := range c.Copies {
			copies[c.Fingerprint] = append(copies[c.Fingerprint], report.KeyCopy{Source: copy.Source, SHA256: copy.SHA256})
		}
	}
	for _, k := range t.roster.Keys() {
		c := held[k.Fingerprint]
		d.Keys = append(d.Keys, report.Key{Fingerprint: string(k.Fingerprint), Person: k.Person, Name: k.Name,
			SHA256: c.SHA256, Expires: report.Time{Time: c.Expires}, Copies: copies[k.Fingerprint]})
		delete(copies, k.Fingerprint)
	}
	for _, f := range slices.Sorted(maps.Keys(copies)) { // named on the command line
		d.Keys = append(d.Keys, report.Key{Fingerprint: string(f), SHA256: held[f].SHA256, Expires: report.Time{Time: held[f].Expires}, Copies: copies[f]})
	}
	return d
}
