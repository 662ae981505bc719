package report

import (
	"slices"
	"strings"

	"migrate/internal/clients"
)

// ClientTable says which clients accept what. No signature is judged by it.
type ClientTable struct {
	Source  string `json:"source"` // "embedded", or its path
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// AskedClient is a version of a client that somebody asked about.
type AskedClient struct {
	Client  string `json:"client"`
	Version string `json:"version"`
}

// Client says which versions of a client accept all good bundles of a series:
// where Unknown and Never are empty, those from MinVersion on.
type Client struct {
	Client       string          `json:"client"`
	MinVersion   string          `json:"minVersion,omitempty"`   // "": nothing speaks against any version
	BelowVersion string          `json:"belowVersion,omitempty"` // from this one on no version does; "": there is none
	Unknown      []clients.Need  `json:"unknown,omitempty"`      // of these nobody says from which version on they are accepted
	Never        []clients.Need  `json:"never,omitempty"`        // these are accepted by no version
	Flags        []ClientFlag    `json:"flags,omitempty"`        // that some of the versions need
	Packages     []ClientPackage `json:"packages,omitempty"`
}

// ClientFlag is one that some versions need on their command line.
type ClientFlag struct {
	Name  string `json:"name"`
	From  string `json:"from"`  // the first version that needs it
	Until string `json:"until"` // the last
}

// ClientPackage is a client as a distribution has it.
type ClientPackage struct {
	Distribution string         `json:"distribution"`
	Release      string         `json:"release"`
	Name         string         `json:"name"`
	Version      string         `json:"version,omitempty"` // "": there is no package
	OrLater      bool           `json:"orLater,omitempty"` // the version is the lowest that it may be
	Status       clients.Status `json:"status"`
}

func newClient(r clients.Requirement) Client {
	c := Client{Client: r.Client, MinVersion: r.Min, BelowVersion: r.Below, Unknown: r.Unknown, Never: r.Never}
	for _, f := range r.Flags {
		c.Flags = append(c.Flags, ClientFlag(f))
	}
	for _, p := range r.Packages {
		c.Packages = append(c.Packages, ClientPackage{
			Distribution: text(p.Distribution), Release: text(p.Release), Name: text(p.Name),
			Version: p.Version, OrLater: p.OrLater, Status: p.Status,
		})
	}
	return c
}

// clientLine says in one line what clients have to be for some series.
type clientLine struct {
	series   []string
	versions string   // of those of which everything is known
	notes    []string // on the others, and on packages that are not known to be enough
}

// clientLines returns a line for every series, newest first. Series that would
// say the same share a line, and a series of which nothing is known has none.
func (d *Document) clientLines() []clientLine {
	var lines []clientLine
	for _, s := range newestFirst(d.Series) {
		if len(s.Clients) == 0 {
			continue
		}
		l := clientLine{[]string{s.Series}, s.clientVersions(), append(s.otherClients(), s.shortPackages()...)}
		i := slices.IndexFunc(lines, func(o clientLine) bool { return o.versions == l.versions && slices.Equal(o.notes, l.notes) })
		if i < 0 {
			lines = append(lines, l)
			continue
		}
		lines[i].series = append(lines[i].series, s.Series)
	}
	return lines
}

// clientVersions returns, for example, "cosign >= 2.4.0 (2.4.0 to 2.4.1 with
// --new-bundle-format), sigstore-python >= 3.0.0".
func (s *Series) clientVersions() string {
	var list []string
	for _, c := range s.Clients {
		if len(c.Unknown)+len(c.Never) > 0 {
			continue
		}
		list = append(list, c.Client+c.versions(" of any version")+c.flags())
	}
	if len(list) == 0 {
		return "no client is known to"
	}
	return strings.Join(list, ", ")
}

// otherClients names the clients of which it is not known from which version on
// they do, and those of which no version does, by what is the matter with them.
func (s *Series) otherClients() []string {
	var open, never []string // the starts of the notes
	named := make(map[string][]string)
	for _, c := range s.Clients {
		switch {
		case len(c.Never) > 0:
			start := "no version accepts all (" + needTexts(c.Never) + "): "
			if named[start] == nil {
				never = append(never, start)
			}
			named[start] = append(named[start], c.Client)
		case len(c.Unknown) > 0:
			start := "not known for " + needTexts(c.Unknown) + ": "
			if named[start] == nil {
				open = append(open, start)
			}
			named[start] = append(named[start], c.Client+c.versions("")+c.flags())
		}
	}
	var notes []string
	for _, start := range append(open, never...) {
		notes = append(notes, start+strings.Join(named[start], ", "))
	}
	return notes
}

// versions returns, for example, " >= 2.4.0", and any if there is no bound.
func (c Client) versions(any string) string {
	var s string
	if c.MinVersion != "" {
		s += " >= " + c.MinVersion
	}
	if c.BelowVersion != "" {
		s += " < " + c.BelowVersion
	}
	if s == "" {
		return any
	}
	return s
}

func (c Client) flags() string {
	var list []string
	for _, f := range c.Flags {
		versions := f.From + " to " + f.Until
		if f.From == f.Until {
			versions = f.From
		}
		list = append(list, versions+" with "+f.Name)
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, "; ") + ")"
}

// shortPackages names the packages that are not known to be enough.
func (s *Series) shortPackages() []string {
	var short, open, none []string
	for _, c := range s.Clients {
		for _, p := range c.Packages {
			where := p.Distribution + " " + p.Release
			named := p.Name + " " + p.Version
			if p.OrLater {
				named += " or later"
			}
			switch p.Status {
			case clients.Refuses:
				short = append(short, named+" of "+where)
			case clients.Unknown:
				open = append(open, named+" of "+where)
			case clients.NoPackage:
				none = append(none, p.Name+" in "+where)
			}
		}
	}
	var notes []string
	if len(short) > 0 {
		notes = append(notes, "packages that fall short: "+strings.Join(short, ", "))
	}
	if len(open) > 0 {
		notes = append(notes, "packages not known to be enough: "+strings.Join(open, ", "))
	}
	if len(none) > 0 {
		notes = append(notes, "not packaged: "+strings.Join(none, ", "))
	}
	return notes
}

func needTexts(needs []clients.Need) string {
	var list []string
	for _, n := range needs {
		list = append(list, n.Text())
	}
	return strings.Join(list, ", ")
}

// clientsIntro stands before the lines.
const clientsIntro = "To verify every good bundle of a series, a client has to be one of these."
