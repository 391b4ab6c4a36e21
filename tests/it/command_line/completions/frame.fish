# What `roots` takes, for fish. Made of the help pages by `make fixtures`: change those.

# Whether a command comes next, to be run or to be helped with.
function __roots_lacks_command
    set -l words (commandline -opc)
    test (count $words) = 1; or test "$words[2..]" = help
end

# Whether the command is the one that is named.
function __roots_at
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]
end

# Whether the next operand is the one that is numbered, or a later one if there may be more.
function __roots_operand
    set -l words (commandline -opc)
    set -l place 1
    set -l skipped
    for word in $words[3..-1]
        if set -q skipped[1]
            set -e skipped
            continue
        end
        switch $word
            case @VALUED@
                set skipped yes
            case '-?*'
            case '*'
                set place (math $place + 1)
        end
    end
    set -q skipped[1]; and return 1
    test $place = $argv[1]; or begin
        set -q argv[2]; and test $place -gt $argv[1]
    end
end

# Whether none of these has been typed.
function __roots_lacks
    set -l words (commandline -opc)
    for word in $words[3..-1]
        contains -- (string replace -r '=.*' '' -- $word) $argv; and return 1
    end
    return 0
end

# The same of an option with a value, which may be what is being typed.
function __roots_lacks_value
    set -l words (commandline -opc)
    contains -- $words[-1] $argv; or __roots_lacks $argv
end

# Folders, also behind the = of an option.
function __roots_folders
    __fish_complete_directories (string replace -r -- '^--[^=]*=' '' (commandline -ct)) ''
end

# Whether files are to be offered: a word that begins otherwise is a name in a registry.
function __roots_is_path
    set -l names (__roots_names)
    set -q names[1]; and return 1
    string match -qr -- '^["\']?([./~$]|oci:|oci-archive:|docker-archive:)' (commandline -ct)
end

# The names of the images in the layout that the word begins with: oci:PATH:NAME.
function __roots_names
    set -l place (commandline -ct)
    while string match -qr -- '^(oci:|[./~]).*:' $place
        set place (string replace -r ':[^:]*$' '' -- $place)
        set -l folder (string replace -r '^oci:' '' -- $place | string replace -r '^~/' "$HOME/")
        test -f "$folder/index.json"; or continue
        for name in (__roots_listed $folder/index.json)
            echo $place:$name
        end
        return
    end
end

# The names that shells need not quote.
function __roots_listed
    head -c 4194304 -- $argv[1] | tr -d '\n' |
        grep -o '"org\.opencontainers\.image\.ref\.name"[[:space:]]*:[[:space:]]*"[A-Za-z0-9._/@:-]*"' |
        sed 's/.*"\([^"]*\)"$/\1/'
end

complete -c roots -f
complete -c roots -n 'test (count (commandline -opc)) = 1' -s h -l help -d 'print help'
complete -c roots -n 'test (count (commandline -opc)) = 1' -s V -l version -d 'print the version'
complete -c roots -n '__roots_at version' -l json -d 'print JSON'
complete -c roots -n '__roots_at version' -s h -l help -d 'print help'
