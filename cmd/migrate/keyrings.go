package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"migrate/keyrings"
	"migrate/pgp"
	"migrate/report"
)

func (a *app) keyringsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keyrings",
		Short: "Show, fetch and check the pinned PGP keys",
		Long: `Show, fetch and check the PGP keys that the roster pins. At hand are the keys
that ship with the program, those of the key cache (the folder migrate/keys in
the user's cache folder), and those of --keyring.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: migrate keyrings list, update or check")
		},
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "Show every pinned key, who signs what with it, and its copies at hand",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.listKeys(ownFormat(cmd)) },
	}
	check := &cobra.Command{
		Use:   "check",
		Short: "Tell which pinned keys are missing or not in order, and what that does to a report",
		Long: `Tell which pinned keys are missing, revoked, expired, weak, at hand only as
refreshed since, or hold something that cannot be read, and what that does to a
report.

Exit status: 0 nothing of the kind, 1 something, 2 trouble.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.checkKeys(ownFormat(cmd)) },
	}
	for _, c := range []*cobra.Command{list, check} {
		c.Flags().String("format", "table", "table or json")
		keyFlags(c)
	}
	update := &cobra.Command{
		Use:   "update [FINGERPRINT|PERSON...]",
		Short: "Fetch copies of the pinned keys into the key cache",
		Long: `Fetch copies of the pinned keys, or of those named by full fingerprint or by
whose they are, into the key cache. Every place is asked, because different
places have different copies:
  ` + strings.Join(keyrings.Places(), ", ") + `

Nothing is believed for where it comes from: of what a place answers, only the
key with the full fingerprint is kept. A copy never takes the place of another.
A copy whose only news beside the others cannot be read is refused, which is
trouble: such a revocation would leave all signatures by the key unchecked.

Exit status: 0 a copy of every key asked for is at hand, 2 trouble.`,
		RunE: a.updateKeys,
	}
	keyFlags(update)
	cmd.AddCommand(list, update, check)
	return cmd
}

func keyFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArray("keyring", nil, "`FILE` or folder with OpenPGP keys; only pinned ones are taken (repeatable)")
	flags.String("roster", "", "roster `FILE` in place of the built-in one")
	flags.String("at", "", "take `TIME` (RFC 3339) as the present")
}

// heldKeys are the pinned keys at hand.
type heldKeys struct {
	roster       *keyrings.Roster
	files        []keyrings.KeyFile
	certificates map[pgp.Fingerprint]pgp.Certificate
	ring         *pgp.Keyring
}

// holdKeys reads every key at hand, as loadTrust does, and says on standard
// error what is wrong with the files.
func (a *app) holdKeys(roster *keyrings.Roster) (*heldKeys, error) {
	shipped, err := keyrings.Shipped()
	if err != nil {
		return nil, err
	}
	own, err := a.ownKeys()
	if err != nil {
		return nil, err
	}
	h := &heldKeys{roster: roster, files: append(shipped, own...), certificates: make(map[pgp.Fingerprint]pgp.Certificate)}
	ring, problems := roster.Keyring(h.files)
	for _, p := range problems {
		// A roster of one's own need not pin the keys that ship.
		if !slices.ContainsFunc(shipped, func(f keyrings.KeyFile) bool { return f.Source == p.Source }) {
			a.complain(fmt.Errorf("%s: %s", p.Source, p.Message))
		}
	}
	h.ring = ring
	for _, c := range ring.Certificates() {
		h.certificates[c.Fingerprint] = c
	}
	return h, nil
}

// listedKey is a pinned key as list shows it.
type listedKey struct {
	Key          string          `json:"key"`    // its name in the roster
	Person       string          `json:"person"` // ID
	Name         string          `json:"name"`
	Signs        string          `json:"signs,omitempty"`
	Fingerprint  pgp.Fingerprint `json:"fingerprint"`
	Algorithm    string          `json:"algorithm"`
	Created      time.Time       `json:"created,omitzero"`
	Expires      time.Time       `json:"expires,omitzero"`
	Revoked      bool            `json:"revoked,omitempty"`
	RevokedSince time.Time       `json:"revokedSince,omitzero"` // of a soft revocation
	Refreshed    time.Time       `json:"refreshed,omitzero"`
	Copies       []listedCopy    `json:"copies,omitempty"`
}

type listedCopy struct {
	Source              string    `json:"source"`
	SHA256              string    `json:"sha256"`
	OldestSelfSignature time.Time `json:"oldestSelfSignature,omitzero"`
	NewestSelfSignature time.Time `json:"newestSelfSignature,omitzero"`
	Fetched             time.Time `json:"fetched,omitzero"`
	From                string    `json:"from,omitempty"`
}

func (a *app) listKeys(format string) error {
	h, now, err := a.prepareKeys(format)
	if err != nil {
		return err
	}
	cache, _ := keyCache()
	var all []listedKey
	for _, k := range h.roster.Keys() {
		c := h.certificates[k.Fingerprint]
		l := listedKey{
			Key: k.Label, Person: k.Person, Name: k.Name, Signs: k.Signs, Fingerprint: k.Fingerprint,
			Algorithm: cmp.Or(c.Algorithm, k.Algorithm), Created: c.Created, Expires: c.Expires,
			Revoked: c.Revoked, RevokedSince: c.RevokedSince, Refreshed: c.Refreshed,
		}
		for _, copy := range c.Copies {
			lc := listedCopy{Source: copy.Source, SHA256: copy.SHA256, OldestSelfSignature: copy.OldestSelfSig, NewestSelfSignature: copy.NewestSelfSig}
			i := slices.IndexFunc(h.files, func(f keyrings.KeyFile) bool { return f.Source == copy.Source })
			if i >= 0 && filepath.Dir(copy.Source) == cache { // elsewhere anybody may have written it
				lc.Fetched, lc.From, _ = h.files[i].Fetched()
			}
			l.Copies = append(l.Copies, lc)
		}
		all = append(all, l)
	}
	return a.writeTo("", func(w io.Writer) error {
		if format == "json" {
			return writeJSON(w, map[string][]listedKey{"keys": all})
		}
		return a.keyTable(w, all, now)
	})
}

// prepareKeys does what list and check begin with.
func (a *app) prepareKeys(format string) (*heldKeys, time.Time, error) {
	if format != "table" && format != "json" {
		return nil, time.Time{}, fmt.Errorf("no such format: %s (want table or json)", format)
	}
	now, err := a.present()
	if err != nil {
		return nil, time.Time{}, err
	}
	roster, err := a.loadRoster()
	if err != nil {
		return nil, time.Time{}, err
	}
	h, err := a.holdKeys(roster)
	return h, now, err
}

// keyTable writes the keys, and below them the copies of each.
func (a *app) keyTable(w io.Writer, all []listedKey, now time.Time) error {
	var keys, copies [][]string
	for _, l := range all {
		count := "none"
		if n := len(l.Copies); n > 0 {
			count = fmt.Sprint(n)
		}
		keys = append(keys, []string{l.Key, l.Name, strings.ReplaceAll(l.Signs, "; ", "\n"), l.Algorithm, l.expiry(now), count})
		copies = append(copies, []string{l.Key, string(l.Fingerprint), "", ""})
		for _, c := range l.Copies {
			copies = append(copies, []string{"", cmp.Or(c.From, c.Source), date(c.NewestSelfSignature), date(c.Fetched)})
		}
	}
	if err := a.plainTable(w, []string{"KEY", "PERSON", "SIGNS", "ALGORITHM", "EXPIRES", "COPIES"}, 2, keys); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return a.plainTable(w, []string{"KEY", "FINGERPRINT, AND WHERE EACH COPY IS FROM", "SELF-SIGNED", "FETCHED"}, 1, copies)
}

// expiry says in a word or two lines until when the key is good.
func (l listedKey) expiry(now time.Time) string {
	switch {
	case len(l.Copies) == 0:
		return "not known"
	case l.Revoked && l.RevokedSince.IsZero():
		return "revoked"
	case l.Revoked && !l.RevokedSince.After(now):
		return "revoked\n" + date(l.RevokedSince)
	case l.Expires.IsZero():
		return "never"
	case !l.Expires.After(now):
		return "expired\n" + date(l.Expires)
	}
	return date(l.Expires)
}

// date is a day, or nothing for the zero time.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// checkedKey is one concern as check shows it.
type checkedKey struct {
	Key         string          `json:"key"`
	Person      string          `json:"person"`
	Name        string          `json:"name"`
	Signs       string          `json:"signs,omitempty"`
	Fingerprint pgp.Fingerprint `json:"fingerprint"`
	What        keyrings.Flaw   `json:"what"`
	Detail      string          `json:"detail"`
	Effect      string          `json:"effect"`
	Files       []string        `json:"files,omitempty"` // that an unreadable part is in
}

func (a *app) checkKeys(format string) error {
	h, now, err := a.prepareKeys(format)
	if err != nil {
		return err
	}
	all := []checkedKey{} // "none" is a list too
	for _, c := range h.roster.Check(h.ring, h.files, now) {
		all = append(all, checkedKey{c.Key.Label, c.Key.Person, c.Key.Name, c.Key.Signs, c.Key.Fingerprint, c.What, c.Detail, c.Effect, c.Files})
	}
	err = a.writeTo("", func(w io.Writer) error {
		switch {
		case format == "json":
			return writeJSON(w, map[string][]checkedKey{"concerns": all})
		case len(all) == 0:
			_, err := fmt.Fprintf(w, "All pinned keys (%d) are at hand and in order.\n", len(h.roster.Keys()))
			return err
		}
		var rows [][]string
		for _, c := range all {
			rows = append(rows, []string{c.Key, c.Name, string(c.What), c.Detail + ": " + c.Effect})
		}
		return a.plainTable(w, []string{"KEY", "PERSON", "WHAT", "WHY, AND WHAT IT DOES TO A REPORT"}, 3, rows)
	})
	switch {
	case err != nil:
		return err
	case len(all) > 0:
		return exitError(exitFindings)
	}
	return nil
}

func (a *app) updateKeys(cmd *cobra.Command, args []string) error {
	if a.config.GetBool("offline") {
		return errors.New("--offline: keyrings update does nothing but use the network: leave --offline out, or give key files with --keyring")
	}
	now, err := a.present()
	if err != nil {
		return err
	}
	roster, err := a.loadRoster()
	if err != nil {
		return err
	}
	want, err := wantedKeys(roster, args)
	if err != nil {
		return err
	}
	dir, _ := keyCache()
	if dir == "" {
		return errors.New("there is no folder for the key cache: set HOME or XDG_CACHE_HOME to an absolute path")
	}
	held, err := a.holdKeys(roster)
	if err != nil {
		return err
	}
	u := updating{app: a, store: keyrings.Store{Dir: dir}, now: now, counts: make(map[string]int), failures: make(map[string]string)}
	for answer := range roster.Fetch(cmd.Context(), a.get, held.ring, want) {
		if err := u.take(answer); err != nil {
			return err
		}
	}
	if err := cmd.Context().Err(); err != nil {
		return fmt.Errorf("interrupted: what was fetched is kept: %w", err)
	}
	return u.finish(roster, want)
}

// wantedKeys are the keys that the arguments name, all of them without any.
func wantedKeys(roster *keyrings.Roster, args []string) ([]pgp.Fingerprint, error) {
	var want []pgp.Fingerprint
	for _, k := range roster.Keys() {
		if len(args) == 0 {
			want = append(want, k.Fingerprint)
		}
	}
	for _, arg := range args {
		before := len(want)
		f, err := pgp.ParseFingerprint(arg)
		for _, k := range roster.Keys() {
			if k.Person == arg || k.Label == arg || strings.EqualFold(k.Name, arg) || err == nil && k.Fingerprint == f {
				want = append(want, k.Fingerprint)
			}
		}
		if len(want) > before {
			continue
		}
		if p, ok := roster.Person(arg); ok {
			return nil, fmt.Errorf("the roster has no PGP key of %s", p.Name)
		}
		if err == nil {
			return nil, fmt.Errorf("key %s: the roster does not pin it", f)
		}
		return nil, fmt.Errorf("%q is neither a full fingerprint that the roster pins nor anybody in it, such as %s (migrate keyrings list)", arg, roster.Keys()[0].Person)
	}
	return want, nil
}

// updating is one run of keyrings update.
type updating struct {
	*app
	store    keyrings.Store
	now      time.Time
	key      pgp.Fingerprint // that the last line was about
	counts   map[string]int
	doubted  int               // copies refused because their only news cannot be read
	failures map[string]string // why a place could not be asked, the first time
}

// The words for what came of each answer.
const (
	wordNew      = "new"
	wordHad      = "had"
	wordNotFound = "not found"
	wordRefused  = "refused"
	wordFailed   = "failed"
)

// take keeps the copy that an answer brought, if it did, and says what came of
// it.
func (u *updating) take(answer keyrings.Answer) error {
	k := answer.Key
	if u.key != k.Fingerprint {
		u.key = k.Fingerprint
		if _, err := fmt.Fprintf(u.out, "%s  %s  %s\n", report.Escape(k.Label), k.Fingerprint, report.Escape(k.Name)); err != nil {
			return err
		}
	}
	word, remark := "", answer.Reason
	switch answer.Outcome {
	case keyrings.Found:
		file, added, err := u.store.Add(answer.Copy, answer.URL, u.now)
		if err != nil {
			return err
		}
		word = wordHad
		if added {
			word = wordNew
			u.say("wrote %s", file)
		}
	case keyrings.NotFound:
		word = wordNotFound
	case keyrings.Refused:
		word = wordRefused
	case keyrings.Doubted:
		word = wordRefused
		u.doubted++
	default:
		word = wordFailed
		if _, ok := u.failures[answer.Place]; !ok {
			u.failures[answer.Place] = answer.Reason
		}
	}
	u.counts[word]++
	_, err := fmt.Fprintf(u.out, "  %-9s  %s\n", word, strings.TrimRight(fmt.Sprintf("%-20s  %s", answer.Place, report.Escape(remark)), " "))
	return err
}

// finish says how things stand after the last answer.
func (u *updating) finish(roster *keyrings.Roster, want []pgp.Fingerprint) error {
	held, err := u.holdKeys(roster)
	if err != nil {
		return err
	}
	var missing []pgp.Fingerprint
	for _, f := range want {
		if _, ok := held.certificates[f]; !ok {
			missing = append(missing, f)
		}
	}
	if _, err := fmt.Fprintf(u.out, "\n%s new, %d had already; %d of %d keys at hand\n",
		copies(u.counts[wordNew]), u.counts[wordHad], len(want)-len(missing), len(want)); err != nil {
		return err
	}
	for _, place := range keyrings.Places() {
		if why, ok := u.failures[place]; ok {
			u.complain(fmt.Errorf("%s could not be asked: %s", place, why))
		}
	}
	for _, f := range missing {
		k, _ := roster.Key(f)
		u.complain(fmt.Errorf("there is no copy of key %s of %s: %s", f, k.Name, keyrings.GPGHint(f)))
	}
	if u.doubted > 0 {
		u.complain(fmt.Errorf("%s refused, because of what cannot be read and no other copy has: see above", was(u.doubted)))
	}
	asked := u.counts[wordNew] + u.counts[wordHad] + u.counts[wordNotFound] + u.counts[wordRefused]
	if len(missing) > 0 || u.doubted > 0 || asked == 0 {
		return exitError(exitTrouble)
	}
	return nil
}

func copies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

func was(n int) string {
	if n == 1 {
		return "1 copy was"
	}
	return copies(n) + " were"
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// plainTable writes columns with a line below the head, fitted to the terminal:
// column wide takes what the others leave.
func (a *app) plainTable(w io.Writer, head []string, wide int, rows [][]string) error {
	const gap = 2
	room := a.width()
	for i := range head {
		if i == wide {
			continue
		}
		longest := len(head[i])
		for _, row := range rows {
			for line := range strings.SplitSeq(row[i], "\n") {
				longest = max(longest, len([]rune(line)))
			}
		}
		room -= longest + gap
	}
	room = max(room, 16)
	padding := make([]tw.Padding, len(head))
	for i := range head {
		padding[i] = tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}
	}
	padding[len(head)-1].Right = ""
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{PerColumn: padding},
	}
	var b strings.Builder
	t := tablewriter.NewTable(&b,
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithTrimLine(tw.Off),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleASCII),
			Settings: tw.Settings{
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
			},
		}))
	t.Header(head)
	for _, row := range rows {
		var cells []string
		for i, text := range row {
			var lines []string
			for line := range strings.SplitSeq(text, "\n") {
				if line = report.Escape(line); i == wide {
					lines = append(lines, fill(line, room)...)
				} else {
					lines = append(lines, line)
				}
			}
			cells = append(cells, strings.Join(lines, "\n"))
		}
		if err := t.Append(cells); err != nil {
			return err
		}
	}
	if err := t.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// fill breaks a line into lines of at most width characters: between words
// where it can, else behind what parts the words of a path, else anywhere.
func fill(line string, width int) []string {
	var lines []string
	rest := []rune(line)
	for len(rest) > width {
		n, next := width, width
		if i := lastOf(rest[:width+1], " "); i > 0 {
			n, next = i, i+1
		} else if i := lastOf(rest[:width], "/-_"); i > 0 {
			n, next = i+1, i+1
		}
		lines = append(lines, string(rest[:n]))
		rest = rest[next:]
	}
	return append(lines, string(rest))
}

// lastOf returns where the last of the characters stands in text, or -1.
func lastOf(text []rune, chars string) int {
	for i, r := range slices.Backward(text) {
		if strings.ContainsRune(chars, r) {
			return i
		}
	}
	return -1
}
