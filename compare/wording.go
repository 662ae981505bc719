package compare

import (
	"fmt"
	"strings"
	"time"

	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// day returns the date of t, in UTC.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// dated returns " of 2025-06-11", or nothing for the zero time.
func dated(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " of " + day(t)
}

// days returns a duration as whole days, e.g. "485 days".
func days(d time.Duration) string { return count(int(d.Hours()/24), "day") }

// count returns a number with its noun: "1 artifact", "2 artifacts".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// choose returns one or many, as n calls for.
func choose(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// list joins words: "a", "a and b", "a, b and c".
func list(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}

// because appends a verifier's own words to a sentence, if there are any.
func because(sentence, detail string) string {
	if detail == "" {
		return sentence
	}
	return sentence + ": " + detail
}

// bracketed returns " (text)", or nothing for no text.
func bracketed(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// keyOf names a certificate and, if it is pinned, whose it is:
// "Thomas Wouters (7169...)".
func keyOf(f pgp.Fingerprint, r *keyrings.Roster) string {
	switch k, ok := r.Key(f); {
	case ok:
		return fmt.Sprintf("%s (%s)", k.Name, f)
	case f != "":
		return "the key " + string(f)
	}
	return "a key that no certificate vouches for"
}

// keysOf names several certificates.
func keysOf(fs []pgp.Fingerprint, r *keyrings.Roster) []string {
	var names []string
	for _, f := range fs {
		names = append(names, keyOf(f, r))
	}
	return names
}

// pair writes an identity: "thomas@python.org (https://accounts.google.com)".
func pair(id sigstore.Identity) string { return fmt.Sprintf("%s (%s)", id.SAN, id.Issuer) }

// pairs names everybody who may sign a bundle, "nobody" if nobody may.
func pairs(e keyrings.Expectation) string {
	var names []string
	for _, id := range e.Identities {
		names = append(names, pair(id))
	}
	for _, p := range e.Patterns {
		names = append(names, fmt.Sprintf("an identity matching %s (%s)", p.SAN, p.Issuer))
	}
	if names == nil {
		return "nobody"
	}
	return list(names, "or")
}

// seriesList writes series: "3.8 and 3.9".
func seriesList(all []release.Series) string {
	var names []string
	for _, s := range all {
		names = append(names, s.String())
	}
	return list(names, "and")
}
