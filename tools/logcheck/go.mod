module logcheck

go 1.22
