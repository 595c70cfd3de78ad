package registry

// INN is a tax number: 14 digits, kept as text because every legal entity's
// begins with 0 (domain.md §6.3). A sole entrepreneur's is their personal
// number.
type INN string

// PersonalNumber is the 14-digit personal number (ПИН; never "PIN"): sex
// digit 1 or 2, birth date DDMMYYYY, five more digits.
type PersonalNumber string
