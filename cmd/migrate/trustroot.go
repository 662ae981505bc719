package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/spf13/cobra"

	"migrate/report"
	"migrate/sigstore"
)

func (a *app) trustCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Show the Sigstore trust root, or get the current one",
		Long: `Show the Sigstore trust root that bundles are judged by, or get the current one.

It is the one that --trusted-root names; else the one that "trust update" got
last and keeps in the user's cache; else, or if that is older, the one that the
program carries.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what: migrate trust show, or migrate trust update")
		},
	}
	cmd.AddCommand(a.trustShowCommand(), a.trustUpdateCommand())
	return cmd
}

func (a *app) trustShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Tell which trust root is in use, how old it is, and what it trusts",
		Long: `Tell which Sigstore trust root is in use and why, when it is known to have been
current, and each authority and log that it trusts with its key and validity.
With --format=raw, write the trust root itself, as other clients take it too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.showTrustRoot(ownFormat(cmd)) },
	}
	cmd.Flags().String("format", "text", "text, json or raw")
	trustedRootFlag(cmd)
	atFlag(cmd)
	return cmd
}

func (a *app) trustUpdateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "update",
		Short: "Get the current trust root from Sigstore",
		Long: `Get the current trust root from Sigstore's TUF repository, verify it, and keep it
in the user's cache, where every later run finds it. It says which keys are new
or have ended. If anything is amiss, the trust root in use stays as it was.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.updateTrustRoot(cmd.Context()) },
	}
}

// chosenRoot is the trust root in use.
type chosenRoot struct {
	root   *sigstore.TrustRoot
	data   []byte
	origin string      // "file", "cache" or "embedded"
	why    string      // it is this one
	cached *cachedRoot // nil unless origin is "cache"
}

// chooseTrustRoot returns the trust root that --trusted-root names, else the
// cached one, else the embedded one. A cached one that cannot be read is an
// error: the one that was meant to be used is not replaced without a word.
// With a managed key, a trust root may lack what only certificates need.
func (a *app) chooseTrustRoot(managedKey bool) (*chosenRoot, error) {
	file := a.config.GetString("trusted-root")
	if file == "" {
		return latestTrustRoot()
	}
	data, err := readBounded(file, maxTrustFile)
	if err != nil {
		return nil, fmt.Errorf("trust root: %w", err)
	}
	parse := sigstore.ParseTrustRoot
	if managedKey {
		parse = sigstore.ParseKeyTrustRoot
	}
	root, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	return &chosenRoot{root: root, data: data, origin: "file", why: "--trusted-root names it"}, nil
}

// latestTrustRoot returns the cached trust root, or the embedded one if there is
// none or the program was updated since.
func latestTrustRoot() (*chosenRoot, error) {
	embedded, err := embeddedRoot("none is cached; migrate trust update gets the current one")
	if err != nil {
		return nil, err
	}
	file, err := trustRootCache()
	if err != nil {
		return embedded, nil
	}
	cached, err := readCachedRoot(file)
	if errors.Is(err, fs.ErrNotExist) {
		return embedded, nil
	}
	if err != nil {
		return nil, err
	}
	root, err := cached.trustRoot(file)
	if err != nil {
		return nil, err
	}
	if root.Current().Before(embedded.root.Current()) {
		embedded.why = fmt.Sprintf("the cached one is older: it was current on %s", root.Current().Format(time.DateOnly))
		return embedded, nil
	}
	return &chosenRoot{root: root, data: cached.TrustedRoot, origin: "cache", why: "migrate trust update got it", cached: cached}, nil
}

func embeddedRoot(why string) (*chosenRoot, error) {
	root, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		return nil, err
	}
	return &chosenRoot{root: root, data: sigstore.EmbeddedTrustRootJSON(), origin: "embedded", why: why}, nil
}

// cachedRoot is a refreshed trust root as it is kept: all that belongs together
// in one file, which is replaced as a whole, so that whatever is interrupted and
// however many runs there are at once, it is never half of one and half of
// another.
type cachedRoot struct {
	Version     int                  `json:"version"` // of this form
	Verified    time.Time            `json:"verified"`
	TUF         sigstore.TUFVersions `json:"tuf"`
	TrustedRoot []byte               `json:"trustedRoot"` // the trusted_root.json
	Client      map[string][]byte    `json:"client"`      // the TUF client's folder, by path
	SHA256      string               `json:"sha256"`      // of this with the digest left empty
}

const (
	cacheVersion = 1
	maxCache     = 16 << 20 // bytes; all that the TUF client may have got makes 14 MiB
)

// trustRootCache is the file in which the refreshed trust root is kept. A folder
// that depends on where we stand is none.
func trustRootCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err == nil && !filepath.IsAbs(dir) {
		err = errors.New("its path is relative")
	}
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w", err)
	}
	return filepath.Join(dir, "migrate", "trust-root.json"), nil
}

// readCachedRoot reads a cached trust root. An error is fs.ErrNotExist if there
// is none, and names the remedy if there is one that cannot be used.
func readCachedRoot(file string) (*cachedRoot, error) {
	data, err := readBounded(file, maxCache)
	if nothingThere(err) {
		return nil, fs.ErrNotExist
	}
	var c cachedRoot
	if err == nil {
		err = c.decode(data)
	}
	if err != nil {
		return nil, damaged(file, err)
	}
	return &c, nil
}

func damaged(file string, err error) error {
	return fmt.Errorf("cached trust root %s cannot be used: %w; get it anew with migrate trust update, or remove the file", file, pathless(err))
}

func (c *cachedRoot) decode(data []byte) error {
	if err := json.Unmarshal(data, c); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if c.Version != cacheVersion {
		return fmt.Errorf("it is of version %d, and this program knows %d", c.Version, cacheVersion)
	}
	digest, err := c.digest()
	if err != nil {
		return err
	}
	if c.SHA256 != digest {
		return errors.New("it is damaged: its digest is not the one it names")
	}
	return nil
}

// digest returns what SHA256 has to be.
func (c *cachedRoot) digest() (string, error) {
	bare := *c
	bare.SHA256 = ""
	data, err := json.Marshal(bare)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// trustRoot returns the trust root that was kept in a file.
func (c *cachedRoot) trustRoot(file string) (*sigstore.TrustRoot, error) {
	root, err := sigstore.ParseTrustRoot("cache ("+file+")", c.TrustedRoot)
	if err != nil {
		return nil, damaged(file, cmp.Or(errors.Unwrap(err), err)) // without its remedy
	}
	return root.AsOf(c.Verified), nil
}

// store puts c in the place of what is kept in the file, unless another run has
// put something newer there meanwhile; it returns what is kept then.
func (c *cachedRoot) store(file string) (*cachedRoot, error) {
	unlock, err := lockedfile.MutexAt(file + ".lock").Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if other, err := readCachedRoot(file); err == nil && other.TUF.Newer(c.TUF) {
		return other, nil
	}
	if c.SHA256, err = c.digest(); err != nil {
		return nil, err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if len(data) > maxCache {
		return nil, fmt.Errorf("larger than %d bytes", maxCache)
	}
	return c, replace(file, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// clockSlack is how far a clock may have been set back since the last refresh.
const clockSlack = 24 * time.Hour

// checkClock refuses a clock that is behind: with it, files that have expired
// would be taken for current ones.
func checkClock(now time.Time, last *cachedRoot, file string) error {
	embedded, err := sigstore.EmbeddedTrustRoot()
	switch {
	case err != nil:
		return err
	case now.Before(embedded.Current()):
		return fmt.Errorf("this machine's clock says %s, which is before the trust root that the program carries was published, on %s: set the clock",
			now.Format(time.RFC3339), embedded.Current().Format(time.DateOnly))
	case now.Before(last.Verified.Add(-clockSlack)):
		return fmt.Errorf("this machine's clock says %s, and the cached trust root was got on %s: set the clock, or if it was wrong then, remove %s",
			now.Format(time.RFC3339), last.Verified.Format(time.DateOnly), file)
	}
	return nil
}

func (a *app) updateTrustRoot(ctx context.Context) error {
	if a.config.GetBool("offline") {
		return errors.New("trust update gets the trust root from the network: leave --offline away")
	}
	file, err := trustRootCache()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("cache folder %s: %w", filepath.Dir(file), pathless(err))
	}
	last := &cachedRoot{}
	old, err := latestTrustRoot()
	if err == nil {
		// Also of a cached one that is older than the embedded one: what was
		// seen once guards against what is older still.
		if last, err = readCachedRoot(file); errors.Is(err, fs.ErrNotExist) {
			last, err = &cachedRoot{}, nil
		}
	}
	if err != nil {
		a.complain(fmt.Errorf("%w; starting from what the program carries", err))
		if old, err = embeddedRoot(""); err != nil {
			return err
		}
		last = &cachedRoot{}
	}

	now := a.now().UTC().Truncate(time.Second)
	if err := checkClock(now, last, file); err != nil {
		return err
	}
	fresh, err := a.refresh(ctx, last, now)
	if err != nil {
		return fmt.Errorf("%w; the trust root in use stays as it was", err)
	}
	kept, err := fresh.store(file)
	if err != nil {
		return fmt.Errorf("cached trust root %s: %w", file, pathless(err))
	}
	if kept != fresh {
		a.say("another run has kept a newer trust root meanwhile")
	}
	root, err := kept.trustRoot(file)
	if err != nil {
		return err
	}
	if named := a.config.GetString("trusted-root"); named != "" {
		a.complain(fmt.Errorf("the setting trusted-root names %s, which is used in place of the cached trust root", named))
	}
	return a.writeTo("", func(w io.Writer) error { return tellUpdate(w, old.root, root, kept.TUF, file) })
}

// refresh gets the trust root with a TUF client in a folder of its own: the
// client writes file by file, and takes neither a lock nor what is damaged.
func (a *app) refresh(ctx context.Context, last *cachedRoot, now time.Time) (*cachedRoot, error) {
	dir, err := os.MkdirTemp("", "migrate-trust-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	for name, data := range last.Client {
		if err := errors.Join(folder.MkdirAll(filepath.Dir(name), 0o700), folder.WriteFile(name, data, 0o600)); err != nil {
			return nil, err
		}
	}
	refresher := sigstore.Refresher{Get: a.get, Folder: dir, Time: now, Root: a.tufRoot}
	refreshed, err := refresher.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	fresh := &cachedRoot{Version: cacheVersion, Verified: now, TUF: refreshed.Versions, TrustedRoot: refreshed.Data, Client: map[string][]byte{}}
	err = fs.WalkDir(folder.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		fresh.Client[name], err = folder.ReadFile(name)
		return err
	})
	return fresh, err
}

// tellUpdate says what a refresh has changed.
func tellUpdate(w io.Writer, old, fresh *sigstore.TrustRoot, v sigstore.TUFVersions, file string) error {
	if old.SHA256() == fresh.SHA256() {
		fmt.Fprintf(w, "The trust root is unchanged: SHA-256 %s\n", fresh.SHA256())
	} else {
		fmt.Fprintf(w, "The trust root has changed: SHA-256 %s\nbefore, %s: SHA-256 %s\n",
			fresh.SHA256(), report.Escape(old.Source()), old.SHA256())
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range changes(old.Anchors(), fresh.Anchors()) {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", c.what, c.Kind, report.Escape(c.URL), validity(c.Anchor), c.KeyID)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "Verified %s (TUF root %d, timestamp %d, snapshot %d, targets %d of %s), kept in %s\n",
		fresh.Current().Format(time.RFC3339), v.Root, v.Timestamp, v.Snapshot, v.Targets, sigstore.RepositoryURL, report.Escape(file))
	return err
}

// change is what became of an anchor.
type change struct {
	what string // "new", "ended", "changed" or "gone"
	sigstore.Anchor
}

// changes returns what became of each anchor that is not as it was.
func changes(old, fresh []sigstore.Anchor) []change {
	same := func(a sigstore.Anchor) func(sigstore.Anchor) bool {
		return func(b sigstore.Anchor) bool { return a.Kind == b.Kind && a.KeyID == b.KeyID && a.URL == b.URL }
	}
	var all []change
	for _, a := range fresh {
		switch i := slices.IndexFunc(old, same(a)); {
		case i < 0:
			all = append(all, change{"new", a})
		case old[i].End.IsZero() && !a.End.IsZero():
			all = append(all, change{"ended", a})
		case !old[i].Start.Equal(a.Start) || !old[i].End.Equal(a.End):
			all = append(all, change{"changed", a})
		}
	}
	for _, a := range old {
		if !slices.ContainsFunc(fresh, same(a)) {
			all = append(all, change{"gone", a})
		}
	}
	return all
}

func validity(a sigstore.Anchor) string {
	if a.End.IsZero() {
		return "from " + a.Start.Format(time.DateOnly)
	}
	return a.Start.Format(time.DateOnly) + " to " + a.End.Format(time.DateOnly)
}

// shownRoot is what trust show tells.
type shownRoot struct {
	Source  string                `json:"source"`
	Origin  string                `json:"origin"`
	Why     string                `json:"why"`
	SHA256  string                `json:"sha256"`
	Current *time.Time            `json:"current,omitempty"` // it is known to have been
	Newest  time.Time             `json:"newest"`            // start of its newest key
	AgeDays *int                  `json:"ageDays,omitempty"` // whole days since Current, if that was before the run
	TUF     *sigstore.TUFVersions `json:"tuf,omitempty"`
	Anchors []shownAnchor         `json:"anchors"`
}

// shownAnchor is one anchor with its state at the time of the run.
type shownAnchor struct {
	Kind  sigstore.AnchorKind `json:"kind"`
	URL   string              `json:"url"`
	KeyID string              `json:"keyId"`
	Start time.Time           `json:"start"`
	End   *time.Time          `json:"end,omitempty"`
	State string              `json:"state"` // "current", "ended" or "future"
}

func (a *app) showTrustRoot(format string) error {
	if format != "text" && format != "json" && format != "raw" {
		return fmt.Errorf("no such format: %s (want text, json or raw)", format)
	}
	now, err := a.present()
	if err != nil {
		return err
	}
	chosen, err := a.chooseTrustRoot(false)
	if err != nil {
		return err
	}
	return a.writeTo("", func(w io.Writer) error {
		switch format {
		case "raw":
			_, err := w.Write(chosen.data)
			return err
		case "json":
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(shown(chosen, now))
		}
		return shown(chosen, now).text(w)
	})
}

func shown(c *chosenRoot, now time.Time) shownRoot {
	s := shownRoot{
		Source: c.root.Source(), Origin: c.origin, Why: c.why, SHA256: c.root.SHA256(), Newest: c.root.Newest(),
		Anchors: []shownAnchor{},
	}
	if current := c.root.Current(); !current.IsZero() {
		s.Current = &current
		if days := int(now.Sub(current) / (24 * time.Hour)); !now.Before(current) {
			s.AgeDays = &days
		}
	}
	if c.cached != nil {
		s.TUF = &c.cached.TUF
	}
	for _, a := range c.root.Anchors() {
		sa := shownAnchor{Kind: a.Kind, URL: a.URL, KeyID: a.KeyID, Start: a.Start, State: "current"}
		if !a.End.IsZero() {
			sa.End = &a.End
		}
		switch {
		case now.Before(a.Start):
			sa.State = "future"
		case !a.End.IsZero() && now.After(a.End):
			sa.State = "ended"
		}
		s.Anchors = append(s.Anchors, sa)
	}
	return s
}

func (s shownRoot) text(w io.Writer) error {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-11s %s\n", label, report.Escape(fmt.Sprintf(format, args...)))
	}
	line("Trust root", "%s", s.Source)
	line("Chosen", "%s", s.Why)
	line("SHA-256", "%s", s.SHA256)
	known := "nobody knows"
	if s.Current != nil {
		known = "known to have been on " + s.Current.Format(time.DateOnly)
	}
	if s.AgeDays != nil {
		known += ", " + days(*s.AgeDays) + " ago"
	}
	line("Current", "%s; its newest key is of %s", known, s.Newest.Format(time.DateOnly))
	if s.TUF != nil {
		line("TUF", "root %d, timestamp %d, snapshot %d, targets %d", s.TUF.Root, s.TUF.Timestamp, s.TUF.Snapshot, s.TUF.Targets)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STATE\tKIND\tFROM\tUNTIL\tURL\tKEY ID")
	for _, a := range s.Anchors {
		end := "-"
		if a.End != nil {
			end = a.End.Format(time.DateOnly)
		}
		fmt.Fprintln(t, strings.Join([]string{a.State, string(a.Kind), a.Start.Format(time.DateOnly), end,
			cmp.Or(report.Escape(a.URL), "-"), a.KeyID}, "\t"))
	}
	return t.Flush()
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
