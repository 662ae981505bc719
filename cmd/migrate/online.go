package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"migrate/compare"
	"migrate/internal/cycle"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/report"
)

// siteFlags say where releases that are named are found.
func siteFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Bool("pre-releases", false, "take the pre-releases of a series, range or all, too")
	flags.String("base-url", source.FilesURL, "`URL` of the file tree that releases are read from")
	flags.String("api-url", source.APIURL, "`URL` of python.org's API, whose word on sizes, digests and links is compared; \"\" asks nobody")
}

// onlineFlags say how releases are read over the network.
func onlineFlags(cmd *cobra.Command) {
	siteFlags(cmd)
	flags := cmd.Flags()
	flags.String("save", "", "also write what is read over the network to `DIR`, laid out like python.org/ftp/python")
	flags.String("limit-rate", "", "read at most so many bytes a second over the network, e.g. 500K or 10M")
	flags.StringArray("baseline", nil, "earlier report `FILE` (json): what has not changed since is not read again (repeatable)")
	flags.Duration("max-age", 30*24*time.Hour, "how old a result of --baseline may be")
}

// listOne lists one source: releases of python.org or a mirror if arg names
// them, else what lies here.
func (a *app) listOne(ctx context.Context, arg string) (source.Listing, error) {
	releases, ok := source.Releases(arg)
	if !ok || a.config.GetBool("offline") {
		return source.Open(ctx, arg)
	}
	client, err := a.client(0)
	if err != nil {
		return source.Listing{}, err
	}
	site, err := source.NewSite(client, a.config.GetString("base-url"), a.config.GetString("api-url"))
	if err != nil {
		return source.Listing{}, err
	}
	return site.List(ctx, releases, source.Options{PreReleases: a.config.GetBool("pre-releases")})
}

// isOnline reports whether an item is read over the network.
func isOnline(it source.Item) bool { return it.Validators != nil }

// goOnline gets what a plan needs of the network besides its sources, unless
// the run is to use none: keys that are not at hand, the release cycle, and log
// entries for pairs that have no bundle.
func (a *app) goOnline(ctx context.Context, p *plan, t *trust) error {
	if a.config.GetBool("offline") {
		return nil
	}
	online := slices.ContainsFunc(p.items, isOnline)
	asked, err := a.fetchKeys(ctx, t, p.Time, signersOf(t.roster, p.items))
	if err != nil {
		return err
	}
	p.auditor.Keyring = t.keyring
	if online {
		a.fetchCycle(ctx, p)
	}
	p.auditor.Log = t.root.Log(a.post)
	p.Offline = !online && !asked && !slices.ContainsFunc(p.items, hasPair)
	return nil
}

// hasPair reports whether the log would be asked about an item.
func hasPair(it source.Item) bool {
	_, bundle := it.Sidecars[release.Sigstore]
	_, sig := it.Sidecars[release.Sig]
	_, crt := it.Sidecars[release.Crt]
	return sig && crt && (!bundle || isOnline(it)) // online, a bundle may turn out not to be there
}

// signersOf returns the keys that the items' PGP signatures should be by.
func signersOf(roster *keyrings.Roster, items []source.Item) []pgp.Fingerprint {
	var all []pgp.Fingerprint
	for _, it := range items {
		if _, ok := it.Sidecars[release.Asc]; !ok || it.Open == nil {
			continue
		}
		for _, f := range roster.Expect(it.Name).Signers {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

// fetchKeys gets those of the wanted keys that are not at hand, and keeps them
// in the key cache. It reports whether there were any to ask for. A key that is
// not to be had is for the report to tell, and a line on standard error.
func (a *app) fetchKeys(ctx context.Context, t *trust, now time.Time, want []pgp.Fingerprint) (asked bool, err error) {
	var missing []pgp.Fingerprint
	held := t.keyring.Certificates()
	for _, f := range want {
		if !slices.ContainsFunc(held, func(c pgp.Certificate) bool { return c.Fingerprint == f }) {
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		return false, nil
	}
	answers, problems := t.roster.FetchMissing(ctx, a.get, t.keyring, missing)
	if ctx.Err() != nil {
		return true, context.Cause(ctx)
	}
	for _, p := range problems {
		a.remark("%s: %s", p.Source, p.Message)
	}
	if len(answers) == 0 {
		return true, nil
	}
	store, storing := keyStore()
	for _, answer := range answers {
		t.files = append(t.files, answer.KeyFile())
		a.say("key %s of %s from %s", answer.Key.Fingerprint, answer.Key.Name, answer.URL)
		if !storing {
			continue
		}
		if _, _, err := store.Add(answer.Copy, answer.URL, now); err != nil {
			a.remark("key %s is used and could not be kept: %v", answer.Key.Fingerprint, err)
		}
	}
	t.keyring, _ = t.roster.Keyring(t.files)
	return true, nil
}

// keyStore is the user's key cache, to write to. ok is false if there is no
// place for one.
func keyStore() (store keyrings.Store, ok bool) {
	dir, err := os.UserCacheDir()
	if err != nil || !filepath.IsAbs(dir) {
		return keyrings.Store{}, false
	}
	return keyrings.Store{Dir: filepath.Join(dir, "migrate", "keys")}, true
}

// cycleURL is where the PEPs say when each series begins and ends.
const cycleURL = "https://peps.python.org/api/release-cycle.json"

// fetchCycle puts today's release cycle in place of the embedded one. It is no
// evidence, so that a run does without it.
func (a *app) fetchCycle(ctx context.Context, p *plan) {
	data, err := a.get(ctx, cycleURL, cycle.MaxSize)
	if err == nil {
		var c *cycle.Cycle
		if c, err = cycle.Parse(cycleURL, data); err == nil {
			p.Cycle = c.AsOf(p.Time)
			return
		}
	}
	a.remark("the release cycle is that of %s: %v", p.Cycle.Date(), err)
}

// earlier reads the reports that --baseline names.
func (a *app) earlier() ([]*report.Document, error) {
	files := a.paths("baseline")
	if len(files) > 0 && a.config.GetString("save") != "" {
		return nil, errors.New("--baseline leaves files unread, and --save needs them read: give one of the two")
	}
	var docs []*report.Document
	for _, file := range files {
		doc, err := readReport(file)
		if err != nil {
			return nil, fmt.Errorf("--baseline: %w", err)
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// carryOver lets a plan do without reading what earlier reports say, if it has
// not changed.
func (a *app) carryOver(p *plan, docs []*report.Document) error {
	if len(docs) == 0 {
		return nil
	}
	baseline, err := report.NewBaseline(docs, report.BaselineOptions{
		Generator: p.Generator, Trust: p.Trust, Time: p.Time, MaxAge: a.config.GetDuration("max-age"),
	})
	if err != nil {
		return err
	}
	switch {
	case !slices.ContainsFunc(p.items, isOnline):
		a.remark("--baseline is of no use here: only what is read over the network says whether it has changed")
	case baseline.Len() == 0:
		a.remark("nothing can be carried over from --baseline: it is older than --max-age, or was made by another version or with other trust")
	}
	p.auditor.Earlier = func(it source.Item) (compare.Evidence, bool) {
		return baseline.Result(it.URL, it.Name.File, it.Name.Version.String())
	}
	return nil
}

// checkSave refuses --save where there is nothing to keep.
func (a *app) checkSave(items []source.Item) error {
	if a.config.GetString("save") != "" && !slices.ContainsFunc(items, isOnline) {
		return errors.New("--save keeps what is read over the network, and nothing is: name releases, e.g. 3.13")
	}
	return nil
}

// save lets a plan write what it reads over the network to the folder that
// --save names. The caller closes the store, which is nil if nothing is kept.
func (a *app) save(p *plan) (*source.Store, error) {
	dir := a.config.GetString("save")
	if dir == "" {
		return nil, nil
	}
	store, err := source.OpenStore(dir)
	if err != nil {
		return nil, fmt.Errorf("--save: %w", err)
	}
	for i, it := range p.items {
		if isOnline(it) {
			p.items[i] = store.Keep([]source.Item{it})[0]
		}
	}
	return store, nil
}
