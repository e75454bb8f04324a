// The primes below a limit. In a terminal: g++ -std=c++17 -o primes primes.cpp && ./primes 50
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <vector>

std::vector<std::size_t> primes_below(std::size_t limit) {
    std::vector<bool> composite(limit, false);
    std::vector<std::size_t> primes;
    for (std::size_t candidate = 2; candidate < limit; ++candidate) {
        if (composite[candidate]) continue;
        primes.push_back(candidate);
        for (std::size_t multiple = candidate * candidate; multiple < limit; multiple += candidate) {
            composite[multiple] = true;
        }
    }
    return primes;
}

int main(int argc, char** argv) {
    const std::size_t limit = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50;
    for (const auto prime : primes_below(limit)) std::cout << prime << ' ';
    std::cout << '\n';
}
