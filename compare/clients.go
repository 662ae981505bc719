package compare

import (
	"fmt"
	"slices"
	"strings"

	"migrate/internal/clients"
	"migrate/internal/release"
	"migrate/sigstore"
)

// WithClients returns judgements on series with what it takes of each client of
// the table to accept all good bundles of the series. Of a series without a good
// bundle nothing is said; a nil table has no clients.
func WithClients(series []Series, all []Assessment, t *clients.Table) []Series {
	if t == nil {
		return series
	}
	needed := make(map[release.Series][]clients.Need)
	for i := range all {
		if a := &all[i]; a.Sigstore.Status == sigstore.Good && a.Name.Version != (release.Version{}) {
			s := a.Name.Version.Series()
			needed[s] = clients.Union(needed[s], clients.Needs(a.Sigstore))
		}
	}
	out := slices.Clone(series)
	for i := range out {
		if n := needed[out[i].Series]; len(n) > 0 {
			out[i].Clients = t.Require(n)
		}
	}
	return out
}

// AskClients returns an assessment with a finding for each of the versions that
// does not accept the artifact's bundle, or of which that is not known. It is
// asked of bundles that are good, and of those that are merely too old for
// today's clients. The versions are of clients that the table has.
func AskClients(a Assessment, t *clients.Table, asked []clients.Version) Assessment {
	tooOld := a.Sigstore.Status == sigstore.Incompatible && a.Sigstore.Reason == sigstore.NoCheckpoint
	if a.Trouble != "" || a.Sigstore.Status != sigstore.Good && !tooOld {
		return a
	}
	f := findings{Evidence: &a.Evidence, list: slices.Clone(a.Findings)}
	needed := clients.Needs(a.Sigstore)
	for _, v := range asked {
		check, err := t.Check(v, needed)
		switch {
		case err != nil: // who asked was told, and nothing is known of it
			f.add("compare/client-unknown", "Nothing is known of %s", v)
		case check.Status == clients.Refuses:
			f.add("compare/client-too-old", "%s does not accept this bundle (%s): %s", v, needTexts(check.Needs), remedy(t, v.Client, needed))
		case check.Status == clients.Unknown:
			f.add("compare/client-unknown", "Whether %s accepts this bundle is not known (%s)", v, needTexts(check.Needs))
		}
	}
	sortFindings(f.list)
	a.Findings = f.list
	return a
}

func needTexts(needs []clients.Need) string {
	var list []string
	for _, n := range needs {
		list = append(list, n.Text())
	}
	return strings.Join(list, ", ")
}

// remedy says which versions of a client to use for what is needed.
func remedy(t *clients.Table, client string, needed []clients.Need) string {
	a, err := t.First(client, needed)
	if err != nil || len(a.Never) > 0 {
		return "no version of it is known to; use another client"
	}
	var limits []string
	if a.Min != "" {
		limits = append(limits, "none before "+a.Min)
	}
	if a.Below != "" {
		limits = append(limits, "none from "+a.Below+" on")
	}
	switch {
	case len(a.Unknown) == 0 && a.Below == "":
		return fmt.Sprintf("use %s or later", a.Min)
	case len(a.Unknown) == 0:
		return "use another version, " + strings.Join(limits, " and ")
	}
	return "which version does is not known, " + strings.Join(limits, " and ")
}
